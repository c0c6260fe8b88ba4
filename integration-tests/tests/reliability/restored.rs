//! Writers and compactors that look at what a table holds while others change it, at every storage call.

use std::sync::Arc;

use futures::FutureExt;
use tidelake_table::{CommitOutcome, CompactMode, Table, TableWriter};
use tidelake_testing::{ErrShape, Fault, FaultIO, FaultPlan, Moment, Sim, SimIO};

use crate::world::{Change, World, clean, contents, rows, schema};

const SMALL_TREES: &[(&str, &str)] =
    &[("bucket", "1"), ("num-sorted-run.compaction-trigger", "2"), ("snapshot.num-retained.min", "1")];

fn changes(token: &str, keys: [i32; 2]) -> Vec<Change> {
    keys.into_iter().map(|key| (0, key, token.to_owned())).collect()
}

async fn write(writer: &mut TableWriter, changes: &[Change]) -> tidelake_table::Result<()> {
    let (batch, kinds) = rows(changes);
    writer.write_kinds(batch, &kinds).await
}

async fn upsert(table: &Table, changes: &[Change]) -> tidelake_table::Result<CommitOutcome> {
    let mut writer = table.writer().build()?;
    write(&mut writer, changes).await?;
    writer.commit().await
}

/// A key table with three commits.
fn started() -> SimIO {
    let (sim, store) = (Sim::new(1), SimIO::local());
    sim.run(async {
        let world = World::over(Arc::new(store.clone()), sim.runtime("first")).await.unwrap();
        world.database().await.unwrap();
        world.create("t", &schema(true, SMALL_TREES)).await.unwrap();
        let table = world.table().await.unwrap();
        for token in ["a", "b", "c"] {
            let _ = upsert(&table, &changes(token, [1, 2])).await.unwrap();
        }
    });
    store
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Main {
    Upsert,
    Compact,
    CompactFull,
}

#[test]
fn the_newest_snapshot_may_expire_before_any_call_of_a_writer_or_a_compactor() {
    let start = started();
    for main in [Main::Upsert, Main::Compact, Main::CompactFull] {
        for at in 1.. {
            let (sim, store) = (Sim::new(100 + at), start.fork());
            let more = sim.run(async {
                let (beside, runtime) = (store.clone(), sim.runtime("beside"));
                let hook = move |call: tidelake_testing::Call, moment| {
                    let (beside, runtime) = (beside.clone(), runtime.clone());
                    match call.number == at && moment == Moment::Before {
                        true => async move {
                            let world = World::over(Arc::new(beside), runtime).await.unwrap();
                            let table = world.table().await.unwrap();
                            let _ = upsert(&table, &changes("beside", [2, 3])).await.unwrap();
                            let _ = table.expire().retain_max(1).retain_min(1).run().await.unwrap();
                        }
                        .boxed(),
                        false => futures::future::ready(()).boxed(),
                    }
                };
                let io = FaultIO::new(Arc::new(store.clone()), FaultPlan::None).with_hook(hook);
                let world = World::over(Arc::new(io.clone()), sim.runtime("main")).await.unwrap();
                let table = world.table().await.unwrap();
                match main {
                    Main::Upsert => drop(upsert(&table, &changes("main", [4, 5])).await.unwrap()),
                    Main::Compact => drop(table.compact().run().await.unwrap()),
                    Main::CompactFull => drop(table.compact().full().run().await.unwrap()),
                }
                let more = io.calls().len() as u64 >= at;
                let world = World::over(Arc::new(store.clone()), sim.runtime("after")).await.unwrap();
                let table = world.table().await.unwrap();
                clean(&table).await;
                let mut expected = vec![(1, "c"), (2, if more { "beside" } else { "c" })];
                expected.extend(more.then_some((3, "beside")));
                expected.extend((main == Main::Upsert).then_some([(4, "main"), (5, "main")]).into_iter().flatten());
                let expected: Vec<_> = expected.into_iter().map(|(key, token)| (key, token.to_owned())).collect();
                assert_eq!(contents(&table).await.unwrap(), expected, "{main:?} with another before call {at}");
                more
            });
            if !more {
                break;
            }
        }
    }
}

#[test]
fn a_writer_that_fails_while_it_looks_knows_at_the_next_try_what_it_has_seen() {
    let start = started();
    let mut failures = 0;
    for at in 1.. {
        let (sim, store) = (Sim::new(500 + at), start.fork());
        let failed = sim.run(async {
            let io = FaultIO::new(Arc::new(store.clone()), FaultPlan::None);
            let world = World::over(Arc::new(io.clone()), sim.runtime("main")).await.unwrap();
            let table = world.table().await.unwrap();
            let committer = table.committer("loader").unwrap();
            let mut writer = table.writer().build().unwrap();
            write(&mut writer, &changes("one", [1, 4])).await.unwrap();
            let _ = committer.commit(writer.prepare_commit(1).await.unwrap()).await.unwrap();

            // What it handed over is in, and compacted by another. It looks, and is disturbed once.
            let other = World::over(Arc::new(store.clone()), sim.runtime("other")).await.unwrap();
            let _ = other.table().await.unwrap().compact().full().run().await.unwrap();
            let before = io.calls().len() as u64;
            io.set_plan(FaultPlan::At { call: before + at, fault: Fault::ErrBefore(ErrShape::Timeout) });
            let failed = write(&mut writer, &changes("two", [2, 5])).await.is_err();
            let more = io.calls().len() as u64 >= before + at;
            io.set_plan(FaultPlan::None);
            if failed {
                write(&mut writer, &changes("two", [2, 5])).await.unwrap();
            }
            writer.compact(CompactMode::Full).await.unwrap();
            let outcome = committer.commit(writer.prepare_commit(2).await.unwrap()).await.unwrap();
            assert!(
                matches!(outcome, CommitOutcome::Committed { compact: Some(_), compaction_dropped: None, .. }),
                "disturbed at call {at}: {outcome:?}"
            );
            clean(&table).await;
            let expected = [(1, "one"), (2, "two"), (4, "one"), (5, "two")];
            assert_eq!(contents(&table).await.unwrap(), expected.map(|(key, token)| (key, token.to_owned())));
            more.then_some(failed)
        });
        match failed {
            Some(failed) => failures += u32::from(failed),
            None => break,
        }
    }
    assert!(failures > 2, "{failures} failures are too few to show anything");
}
