//! `tide compact`: fewer and larger files for the same rows.

use tidelake::{CompactionOutcome, ErrorKind};

use crate::{
    args::CompactArgs,
    memory::peak_memory,
    partition::parse_partition,
    report::{Failure, Result},
    session::Session,
};

pub(crate) async fn run(args: CompactArgs) -> Result<()> {
    let session = Session::open(&args.table.lake).await?;
    let table = session.data_table(&args.table).await?;
    let name = &args.table.table;
    let clock = session.lake.runtime().clone();
    let begun_ns = clock.clock().monotonic_ns();
    let mut compaction = if args.full { table.compact().full() } else { table.compact() };
    if let Some(partition) = &args.partition {
        compaction = compaction.partitions(vec![parse_partition(partition, table.schema())?]);
    }
    let outcome =
        compaction.run().await.map_err(|error| Failure::from(error).while_doing(format!("compact {name}")))?;
    match outcome {
        CompactionOutcome::Nothing => {
            let more = if args.full { "" } else { "; --full compacts all the same" };
            eprintln!("nothing to compact: no files of {name} are worth it{more}");
            Ok(())
        }
        CompactionOutcome::Committed { snapshot, buckets, taken, made, listener_failures } => {
            for failure in listener_failures {
                eprintln!("warning: the compaction is in, but {failure}");
            }
            let buckets = counted(buckets, "bucket");
            eprintln!("compacted {name}: {} became {made} in {buckets}, snapshot {snapshot}", counted(taken, "file"));
            let seconds = clock.clock().monotonic_ns().saturating_sub(begun_ns) as f64 / 1e9;
            eprintln!("in {seconds:.2} s{}", peak_memory());
            Ok(())
        }
        CompactionOutcome::Dropped { conflict } => {
            Err(Failure::new(ErrorKind::Conflict, format!("the compaction of {name} was given up: {conflict}"))
                .hint("no row was touched: another compaction or overwrite got there first, compact again"))
        }
    }
}

fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}
