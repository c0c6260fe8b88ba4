//! A commit costs the same however many there were before.

use std::sync::Arc;

use tidelake_commit::{CommitUser, Committer, PreparedCommit, Retention, SnapshotExpiry};
use tidelake_testing::{FaultIO, FaultPlan, Operation, PathClass, Sim, SimIO, data_file};

use crate::world::{World, compaction, leveled, rows};

/// Commits are counted in windows of so many: merging manifests is spread over them.
const WINDOW: usize = 60;

#[test]
fn a_commit_asks_the_storage_as_often_after_2000_snapshots_as_after_20() {
    let sim = Sim::new(2);
    let disk = SimIO::local();
    sim.run(async {
        let io = FaultIO::new(Arc::new(disk.clone()), FaultPlan::None);
        let world = World::create(Arc::new(io.clone()), &[("manifest.full-compaction-threshold-size", "64 kb")]).await;
        let committer = world.committer("u", &sim.runtime("u"));
        let mut windows = Vec::new();
        let mut before = io.calls().len();
        for number in 0..2000 + WINDOW {
            // Two files come, one goes: with the history the table does not grow.
            let name = |number: usize| format!("f{number}");
            let mut messages = vec![rows(1, 0, [data_file(name(number), 3)])];
            if number > 10 {
                let merged = leveled(&format!("m{number}"), 0, 0, 9);
                let removed = match number {
                    11 => vec![data_file(name(1), 3)],
                    _ => vec![data_file(name(number - 10), 3), leveled(&format!("m{}", number - 1), 0, 0, 9)],
                };
                messages.push(compaction(1, 0, &removed, &[merged]));
            }
            let prepared = PreparedCommit { identifier: number as i64, messages, ..PreparedCommit::default() };
            let _ = committer.commit(prepared).await.unwrap();
            if (number + 1) % WINDOW == 20 {
                let calls = io.calls().len();
                windows.push(calls - before);
                before = calls;
            }
        }
        let (first, last) = (windows[1], windows[windows.len() - 1]);
        assert!(last <= first + WINDOW / 4, "calls for {WINDOW} commits: {windows:?}");
        assert!(first <= 44 * WINDOW, "{first} calls for {WINDOW} commits");
        let lists = io.count(Operation::ListChildren, PathClass::Snapshot);
        assert_eq!(lists, 2, "only before and after its first snapshot a table has no hints");

        // A new process under a new name, and an expiry that finds nothing to do.
        let before = io.calls().len();
        let fresh = Committer::new(world.table(), CommitUser::Fresh("fresh".into()), sim.runtime("f")).unwrap();
        let _ = fresh.commit(crate::world::append(PreparedCommit::BATCH, "fresh")).await.unwrap();
        let calls = io.calls().len() - before;
        assert!(calls <= 100, "{calls} calls for the first commit of a process");
        let latest = world.snapshots().latest_id().await.unwrap().unwrap();
        let before = io.calls().len();
        let keep = Retention { min: 10, max: i64::MAX, older_than_ms: 0, limit: 50 };
        let _ = SnapshotExpiry::new(world.table(), keep).in_passing(latest).run().await.unwrap();
        let calls = io.calls().len() - before;
        assert!(calls <= 4, "{calls} calls to see that nothing expires");
    });
}
