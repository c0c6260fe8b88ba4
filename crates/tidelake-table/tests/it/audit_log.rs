//! `$audit_log`: what each row does, as a column.

use arrow_array::{
    RecordBatch,
    cast::AsArray,
    types::{Int32Type, Int64Type},
};
use futures::{StreamExt, TryStreamExt};
use tidelake_table::{Options, ReadFrom, StreamStart, col};

use crate::lake::{Folder, Model, write};

/// `kind k v`, sorted.
fn lines(batches: &[RecordBatch]) -> Vec<String> {
    let line = |batch: &RecordBatch, row: usize| {
        let text = |name: &str| batch.column_by_name(name).unwrap().as_string::<i32>().iter().nth(row).unwrap();
        let key = batch.column_by_name("k").unwrap().as_primitive::<Int32Type>().value(row);
        format!("{} {key} {}", text("rowkind").unwrap(), text("v").unwrap_or("-"))
    };
    let mut lines: Vec<_> =
        batches.iter().flat_map(|batch| (0..batch.num_rows()).map(|row| line(batch, row))).collect();
    lines.sort_unstable();
    lines
}

fn row(k: i32, v: Option<&str>) -> (i32, i32, Option<String>) {
    (0, k, v.map(str::to_owned))
}

#[tokio::test(flavor = "multi_thread")]
async fn deletes_are_rows_of_the_audit_log_until_they_are_compacted_away() {
    let folder = Folder::new().await;
    let table = folder.create(true, &[("bucket", "1"), ("changelog-producer", "input")]).await;
    let mut model = Model::new();
    write(&table, &mut model, &[row(1, Some("a")), row(2, Some("b"))]).await;
    write(&table, &mut model, &[row(2, None), row(3, Some("c"))]).await;

    let audit = async |from: Option<i64>| {
        let scan = table.scan().audit_log();
        let scan = if let Some(id) = from { scan.from(ReadFrom::Snapshot(id)) } else { scan };
        scan.read().await.unwrap().try_collect::<Vec<_>>().await.unwrap()
    };
    assert_eq!(lines(&audit(None).await), ["+I 1 a", "+I 3 c", "-D 2 -"]);
    assert_eq!(lines(&audit(Some(1)).await), ["+I 1 a", "+I 2 b"]);
    let one = table.scan().audit_log().project(["v", "k", "rowkind"]).filter(col("k").eq(2));
    let plan = one.plan().await.unwrap();
    assert_eq!(plan.fields().iter().map(|field| field.name.as_str()).collect::<Vec<_>>(), ["v", "k", "rowkind"]);
    let rows: Vec<_> = table.read(&plan).unwrap().try_collect().await.unwrap();
    assert_eq!(lines(&rows), ["-D 2 -"]);
    let kinds: usize = table
        .scan()
        .audit_log()
        .project(["rowkind"])
        .read()
        .await
        .unwrap()
        .map_ok(|b| b.num_rows())
        .try_fold(0, async |sum, rows| Ok(sum + rows))
        .await
        .unwrap();
    assert_eq!(kinds, 3);
    assert_eq!(lines(&[table.system("audit_log").await.unwrap()]), ["+I 1 a", "+I 3 c", "-D 2 -"]);

    let mut stream = table.stream(StreamStart::FromSnapshot(2)).audit_log().build().await.unwrap();
    let plan = stream.next().await.unwrap().unwrap();
    let changes: Vec<_> = plan.changes.try_collect().await.unwrap();
    // To those that do not know the column each row is an insert.
    assert!(changes.iter().all(|batch| batch.kinds.values().iter().all(|kind| *kind == 0)));
    let rows: Vec<_> = changes.into_iter().map(|batch| batch.rows).collect();
    assert_eq!(lines(&rows), ["+I 3 c", "-D 2 -"]);

    let _outcome = table.compact().full().run().await.unwrap();
    assert_eq!(lines(&audit(None).await), ["+I 1 a", "+I 3 c"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_option_shows_sequence_numbers() {
    let folder = Folder::new().await;
    let table = folder.create(true, &[("bucket", "1")]).await;
    write(&table, &mut Model::new(), &[row(1, Some("a")), row(2, Some("b"))]).await;
    let table = table.with_options(&Options::from([("table-read.sequence-number.enabled", "true")]));
    let batch = table.system("audit_log").await.unwrap();
    assert_eq!(batch.schema().field(1).name(), "_SEQUENCE_NUMBER");
    assert_eq!(batch.column(1).as_primitive::<Int64Type>().values(), &[0, 1]);
    assert_eq!(table.system_fields("audit_log").await.unwrap().len(), 5);
    let append = Folder::new().await.create(false, &[("table-read.sequence-number.enabled", "true")]).await;
    assert!(append.system("audit_log").await.unwrap_err().to_string().contains("table-read.sequence-number.enabled"));
}
