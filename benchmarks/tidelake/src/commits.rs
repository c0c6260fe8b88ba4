//! Many small commits, a table of many files, and a table that is followed.

use std::{fs, path::Path, sync::Arc, time::Duration};

use futures::{StreamExt, TryStreamExt};
use serde_json::json;
use tidelake::{
    Options, PreparedCommit, StreamStart, Table,
    arrow_array::{Int32Array, Int64Array, RecordBatch},
    col,
};

use crate::{
    Args, Failure,
    measure::{Stopwatch, now, wall},
    rows::{self, Keys},
};

/// `commits= rows=`: commits of so many rows each by one writer, and then a plan of what is there.
pub(crate) async fn small_commits(table: &Table, args: &Args) -> Result<String, Failure> {
    let (commits, rows) = (args.number::<u64>("commits")?, args.number::<u64>("rows")?);
    let batches = (0..commits).map(|commit| rows::batch(commit * rows, (commit + 1) * rows, &Keys::Serial));
    let batches = batches.collect::<Result<Vec<_>, _>>()?;
    let mut writer = table.writer().build()?;
    let mut latencies = Vec::new();
    let watch = Stopwatch::started();
    for batch in batches {
        let begin = wall();
        writer.write(batch).await?;
        let _ = writer.commit().await?;
        latencies.push(wall() - begin);
    }
    let begin = wall();
    let plan = table.scan().plan().await?;
    let mut line = summary(&latencies);
    line.insert("plan_s".into(), (wall() - begin).into());
    line.insert("rows".into(), rows_of(&plan).into());
    Ok(watch.line(line))
}

/// `commits= files= folders= dir=`: what a commit syncs, and nothing else: so many new files, each and then each folder synced.
pub(crate) fn bare_syncs(args: &Args) -> Result<String, Failure> {
    let dir = Path::new(args.text("dir")?);
    let (commits, files) = (args.number::<u64>("commits")?, args.number::<usize>("files")?);
    let folders = args.number::<usize>("folders")?;
    for folder in 0..folders {
        fs::create_dir_all(dir.join(folder.to_string()))?;
    }
    let mut latencies = Vec::new();
    let watch = Stopwatch::started();
    for commit in 0..commits {
        let begin = wall();
        for file in 0..files {
            let path = dir.join((file % folders).to_string()).join(format!("{commit}-{file}"));
            fs::write(&path, [0; 4096])?;
            fs::File::open(&path)?.sync_data()?;
        }
        for folder in 0..folders {
            fs::File::open(dir.join(folder.to_string()))?.sync_all()?;
        }
        latencies.push(wall() - begin);
    }
    Ok(watch.line(summary(&latencies)))
}

/// `partitions= files=`: a table partitioned by `p` with so many data files in all. Most are links to a few that hold a row
/// each: planning looks at metadata only.
pub(crate) async fn many_files(table: &Table, args: &Args) -> Result<String, Failure> {
    let (partitions, files) = (args.number::<i32>("partitions")?, args.number::<usize>("files")?);
    let schema = table.arrow_schema()?;
    let p = Int32Array::from_iter_values(0..partitions);
    let v = Int64Array::from_iter_values((0..partitions).map(i64::from));
    let mut writer = table.writer().build()?;
    writer.write(RecordBatch::try_new(schema, vec![Arc::new(p), Arc::new(v)])?).await?;
    let prepared = writer.prepare_commit(1).await?;
    let committer = table.committer("benchmark")?;
    let location = table.location().to_string();
    let root = Path::new(location.strip_prefix("file://").ok_or("the table is not on a local disk")?);
    let rounds = files / partitions as usize;
    for round in 1..=rounds {
        let mut messages = prepared.messages.clone();
        for message in &mut messages {
            let folder = root.join(format!("p={}", partition_of(message)?)).join("bucket-0");
            for file in &mut message.increment.append.added {
                let name = format!("{}-{round}.parquet", file.file_name.trim_end_matches(".parquet"));
                fs::hard_link(folder.join(&file.file_name), folder.join(&name))?;
                file.file_name = name;
            }
        }
        let commit = PreparedCommit { identifier: round as i64, messages, ..PreparedCommit::default() };
        let _ = committer.commit(commit).await?;
    }
    Ok(json!({"rows": rounds * partitions as usize}).to_string())
}

fn partition_of(message: &tidelake::CommitMessage) -> Result<i32, Failure> {
    // The value stands where the writer was told it: partitions are written in the order of the rows.
    let field = tidelake::DataField::new(0, "p", tidelake::TypeKind::Int.not_null());
    match message.partition.values(&[field])?.first() {
        Some(Some(tidelake::Scalar::Int(value))) => Ok(*value),
        other => Err(format!("{other:?} is no partition").into()),
    }
}

/// `partition=` or all. The first plan in a process reads every manifest; the second finds them in memory.
pub(crate) async fn plan(open: impl AsyncFn() -> Result<Table, Failure>, args: &Args) -> Result<String, Failure> {
    let mut line = serde_json::Map::new();
    let watch = Stopwatch::started();
    let begin = now();
    let table = open().await?;
    let planned = async |table: &Table| -> Result<u64, Failure> {
        let mut scan = table.scan();
        if args.get("partition").is_some() {
            scan = scan.filter(col("p").eq(args.number::<i32>("partition")?));
        }
        Ok(rows_of(&scan.plan().await?))
    };
    line.insert("rows".into(), planned(&table).await?.into());
    let cold = now();
    let again = planned(&table).await?;
    let warm = now();
    if line["rows"] != again {
        return Err(format!("planned {} rows, then {again}", line["rows"]).into());
    }
    line.insert("cold_cpu_s".into(), (cold.0 - begin.0).into());
    line.insert("cold_s".into(), (cold.1 - begin.1).into());
    line.insert("warm_cpu_s".into(), (warm.0 - cold.0).into());
    line.insert("warm_s".into(), (warm.1 - cold.1).into());
    Ok(watch.line(line))
}

fn rows_of(plan: &tidelake::TablePlan) -> u64 {
    plan.splits().iter().flat_map(|split| &split.files).map(|file| file.row_count as u64).sum()
}

/// `commits= rows= every_ms=`: one task commits, another follows; the time from a commit's return to its rows in hand.
pub(crate) async fn tail(table: &Table, args: &Args) -> Result<String, Failure> {
    let (commits, rows) = (args.number::<u64>("commits")?, args.number::<u64>("rows")?);
    let pause = Duration::from_millis(args.number("every_ms")?);
    let stream = table.stream(StreamStart::Latest).poll_at_least_every(Duration::from_millis(1));
    let mut stream = stream.build().await?;
    let watch = Stopwatch::started();
    let write = async {
        let mut writer = table.writer().build()?;
        let mut committed = Vec::new();
        for commit in 0..commits {
            table.lake().runtime().clock().sleep(pause).await;
            writer.write(rows::batch(commit * rows, (commit + 1) * rows, &Keys::Serial)?).await?;
            let _ = writer.commit().await?;
            committed.push(wall());
        }
        Ok::<_, Failure>(committed)
    };
    let read = async {
        let mut arrived = Vec::new();
        let mut seen = 0;
        while seen < commits * rows {
            let plan = stream.next().await.ok_or("the stream has ended")??;
            let batches: Vec<_> = plan.changes.try_collect().await?;
            seen += batches.iter().map(|batch| batch.rows.num_rows() as u64).sum::<u64>();
            arrived.resize((seen / rows) as usize, wall());
        }
        Ok::<_, Failure>(arrived)
    };
    let (committed, arrived) = futures::try_join!(write, read)?;
    let latencies: Vec<f64> = committed.iter().zip(&arrived).map(|(at, seen)| (seen - at).max(0.0)).collect();
    let mut line = summary(&latencies);
    line.insert("rows".into(), (commits * rows).into());
    Ok(watch.line(line))
}

/// Milliseconds.
fn summary(latencies_s: &[f64]) -> serde_json::Map<String, serde_json::Value> {
    let middle = |of: &[f64], at: f64| {
        let mut sorted = of.to_vec();
        sorted.sort_by(f64::total_cmp);
        sorted.get(((sorted.len() as f64 * at) as usize).min(sorted.len().saturating_sub(1))).map(|s| s * 1e3)
    };
    let tenth = (latencies_s.len() / 10).clamp(1, 50);
    let last = &latencies_s[latencies_s.len().saturating_sub(tenth)..];
    let first = &latencies_s[..latencies_s.len().min(tenth + 5)][latencies_s.len().min(5)..];
    let figures = [
        ("p50_ms", middle(latencies_s, 0.5)),
        ("p99_ms", middle(latencies_s, 0.99)),
        ("first_ms", middle(first, 0.5)),
        ("last_ms", middle(last, 0.5)),
    ];
    figures.into_iter().map(|(name, value)| (name.to_owned(), json!(value))).collect()
}

/// The table of [`many_files`].
pub(crate) fn partitioned() -> (Vec<tidelake::DataField>, Vec<String>, Options) {
    let fields = vec![
        tidelake::DataField::new(0, "p", tidelake::TypeKind::Int.not_null()),
        tidelake::DataField::new(1, "v", tidelake::TypeKind::BigInt.nullable()),
    ];
    (fields, vec!["p".to_owned()], Options::from([("bucket", "-1")]))
}
