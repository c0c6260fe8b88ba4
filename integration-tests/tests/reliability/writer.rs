//! A writer whose storage fails: what it was given is committed once, or it says that it cannot go on.

use std::sync::Arc;

use futures::FutureExt;
use tidelake_error::{Classify, ErrorKind};
use tidelake_io::FileIO;
use tidelake_table::{Table, TableWriter};
use tidelake_testing::{ErrShape, Fault, FaultIO, FaultPlan, Match, Operation, PathClass, Sim, SimIO};

use crate::world::{Change, World, clean, contents, merged, rows, schema};

fn changes(range: std::ops::Range<i32>) -> Vec<Change> {
    range.map(|key| (0, key, format!("token {key}"))).collect()
}

async fn write(writer: &mut TableWriter, changes: &[Change]) -> tidelake_table::Result<()> {
    let (rows, kinds) = rows(changes);
    writer.write_kinds(rows, &kinds).await
}

/// A key table of four buckets over storage that fails as `faults` says once the table is there.
async fn table(sim: &Sim, options: &[(&str, &str)]) -> (Table, Arc<FaultIO>) {
    let faulty = Arc::new(FaultIO::new(Arc::new(SimIO::local()), FaultPlan::None));
    let io: Arc<dyn FileIO> = Arc::<FaultIO>::clone(&faulty);
    let world = World::over(io, sim.runtime("writer")).await.unwrap();
    world.database().await.unwrap();
    let options: Vec<_> = [("bucket", "4"), ("commit.timeout", "1 s")].iter().chain(options).copied().collect();
    world.create("t", &schema(true, &options)).await.unwrap();
    (world.table().await.unwrap(), faulty)
}

fn script(at: Match, fault: Fault) -> FaultPlan {
    FaultPlan::Script(vec![(at, fault)])
}

/// Whatever step of a commit fails, and whether or not it took effect: the rows are in once after `commit` was repeated.
#[test]
fn a_commit_that_failed_is_repeated_and_its_rows_are_in_once() {
    use ErrShape::{Denied, Refused, Timeout};
    let data = |operation| Match::first(operation, PathClass::Data);
    for (what, plan) in [
        ("a data file cannot be begun", script(data(Operation::Create), Fault::ErrBefore(Denied))),
        ("a data file cannot be ended", script(data(Operation::Finish), Fault::ErrBefore(Denied))),
        (
            "a manifest cannot be ended",
            script(Match::first(Operation::Finish, PathClass::Manifest), Fault::ErrBefore(Denied)),
        ),
        (
            "publishing is refused",
            script(Match::first(Operation::Publish, PathClass::Snapshot), Fault::ErrBefore(Denied)),
        ),
        (
            "publishing is never heard of",
            script(Match::every(Operation::Publish, PathClass::Snapshot), Fault::ErrBefore(Timeout)),
        ),
        (
            "publishing took effect, unheard",
            script(Match::every(Operation::Publish, PathClass::Snapshot), Fault::ErrAfter(Timeout)),
        ),
        (
            "nothing can be reached",
            FaultPlan::Script(vec![(Match { times: 0, ..Match::default() }, Fault::ErrBefore(Refused))]),
        ),
    ] {
        let sim = Sim::new(1);
        sim.run(async {
            let (table, faulty) = table(&sim, &[]).await;
            let mut writer = table.writer().build().unwrap();
            let first = changes(0..40);
            write(&mut writer, &first).await.unwrap();
            faulty.set_plan(plan);
            // Unheard of and yet in place: the file itself answers, so this one may succeed at once.
            let failed = writer.commit().await.is_err();
            assert!(failed || what == "publishing took effect, unheard", "{what}");
            faulty.set_plan(FaultPlan::None);

            // What is written since is a commit of its own, after the one that is open.
            let second = changes(40..50);
            write(&mut writer, &second).await.unwrap();
            for _ in 0..2 {
                let _ = writer.commit().await.unwrap();
            }
            assert_eq!(contents(&table).await.unwrap(), merged(&[first, second]), "{what}");
            clean(&table).await;
        });
    }
}

#[test]
fn a_writer_that_took_half_of_a_batch_refuses_to_commit_it() {
    let sim = Sim::new(1);
    sim.run(async {
        // Every batch is flushed at once, and the second flush of the batch fails.
        let (table, faulty) = table(&sim, &[("write-buffer-size", "1 b")]).await;
        let mut writer = table.writer().slots(1).build().unwrap();
        let second = Match { skip: 1, ..Match::first(Operation::Create, PathClass::Data) };
        faulty.set_plan(script(second, Fault::ErrBefore(ErrShape::Denied)));
        let error = write(&mut writer, &changes(0..40)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::PermissionDenied, "{error}");
        faulty.set_plan(FaultPlan::None);
        for error in [writer.commit().await.unwrap_err(), write(&mut writer, &changes(0..1)).await.unwrap_err()] {
            assert_eq!(error.kind(), ErrorKind::Cancelled, "{error}");
        }
        writer.abandon().await;
        assert_eq!(contents(&table).await.unwrap(), []);
        clean(&table).await;
    });
}

#[test]
fn a_writer_whose_write_was_dropped_refuses_to_commit() {
    let sim = Sim::new(1);
    sim.run(async {
        let (table, _) = table(&sim, &[("write-buffer-size", "1 b")]).await;
        let mut writer = table.writer().slots(1).build().unwrap();
        let half = write(&mut writer, &changes(0..40)).now_or_never();
        assert!(half.is_none(), "the flushes of a batch take more than one poll");
        assert_eq!(writer.commit().await.unwrap_err().kind(), ErrorKind::Cancelled);
    });
}

#[test]
fn rows_that_do_not_fit_are_refused_whole_and_the_writer_goes_on() {
    let sim = Sim::new(1);
    sim.run(async {
        let (table, _) = table(&sim, &[]).await;
        let mut writer = table.writer().build().unwrap();
        let (rows, _) = rows(&changes(0..40));
        let short = arrow_array::Int8Array::from(vec![0; 3]);
        assert_eq!(writer.write_kinds(rows, &short).await.unwrap_err().kind(), ErrorKind::InvalidInput);
        write(&mut writer, &changes(0..5)).await.unwrap();
        let _ = writer.commit().await.unwrap();
        assert_eq!(contents(&table).await.unwrap(), merged(&[changes(0..5)]));
    });
}
