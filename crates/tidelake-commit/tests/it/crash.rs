//! Every crash point of creating a table and of committing to it.

use std::sync::Arc;

use tidelake_commit::{PreparedCommit, create_table};
use tidelake_error::{Classify, ErrorKind};
use tidelake_testing::{CrashImage, Process, Shape, Sim, SimIO, crash_points, data_file};

use crate::world::{World, append, compaction, layout, leveled, schema};

const MERGING: &[(&str, &str)] =
    &[("manifest.merge-min-count", "2"), ("manifest.full-compaction-threshold-size", "2 kb")];

/// The same commits again under the same identifiers, by a new process: all in the end, none twice.
async fn recover(image: &CrashImage, commits: &[PreparedCommit], expected: &[&str]) {
    let process = image.process();
    let world = World::new(Arc::clone(&process.io), MERGING);
    let acked: Vec<&str> = image.acked.iter().map(String::as_str).collect();
    let there = world.files().await;
    assert!(acked.iter().all(|token| there.iter().any(|file| file == token)), "lost: acked {acked:?}, there {there:?}");
    assert!(there.iter().all(|file| image.tried.contains(file)), "tried {:?}, there {there:?}", image.tried);

    let committer = world.committer("u", &process.runtime);
    for prepared in committer.filter_committed(commits.to_vec()).await.unwrap() {
        let _ = committer.commit(prepared).await.unwrap();
    }
    assert_eq!(world.files().await, expected);
    // And once more, without asking first.
    let again = world.committer("u", &image.process().runtime);
    for prepared in commits {
        let _ = again.commit(prepared.clone()).await.unwrap();
    }
    assert_eq!(world.files().await, expected);
    // Another writer goes on from there.
    let _ = world.committer("other", &image.process().runtime).commit(append(1, "other")).await.unwrap();
    assert_eq!(world.files().await.len(), expected.len() + 1);
}

#[test]
fn creating_a_table_survives_a_crash_at_every_call() {
    for start in [SimIO::local(), SimIO::s3()] {
        let report = crash_points(
            "create a table",
            &start,
            async |process: Process| {
                process.notes.tried("table");
                create_table(&process.io, &layout(), &schema(&[])).await?;
                process.notes.acked("table");
                Ok(())
            },
            async |image: CrashImage| {
                let process = image.process();
                match create_table(&process.io, &layout(), &schema(&[("x", "y")])).await {
                    Ok(()) => assert!(image.acked.is_empty(), "lost"),
                    Err(error) => assert_eq!(error.kind(), ErrorKind::AlreadyExists, "{error}"),
                }
                let world = World::new(process.io, &[]);
                let _ = world.committer("u", &process.runtime).commit(append(1, "a")).await.unwrap();
                assert_eq!(world.files().await, ["a"]);
            },
        );
        assert!(report.points >= 6);
    }
}

/// A table with some commits in it, so that the scenario merges manifests.
fn started(start: SimIO) -> SimIO {
    let sim = Sim::new(99);
    sim.run(async {
        let world = World::create(Arc::new(start.clone()), MERGING).await;
        let committer = world.committer("before", &sim.runtime("before"));
        for identifier in 0..3 {
            let _ = committer.commit(append(identifier, &format!("before{identifier}"))).await.unwrap();
        }
    });
    // What a crash finds was durable before.
    let durable = start.power_loss();
    assert_eq!(durable.paths().len(), start.paths().len() - 2, "all but the hints, which nobody syncs");
    durable
}

#[test]
fn commits_survive_a_crash_at_every_call() {
    for start in [SimIO::local(), SimIO::s3()] {
        let start = match start.profile() {
            tidelake_testing::Profile::Local => started(start),
            tidelake_testing::Profile::S3 => {
                let copy = started(SimIO::local());
                copy.paths().iter().for_each(|path| start.put(path, futures::executor::block_on(read(&copy, path))));
                start
            }
        };
        let old: Vec<String> = (0..3).map(|number| format!("before{number}")).collect();
        let commits = vec![
            append(1, "one"),
            PreparedCommit {
                identifier: 2,
                messages: vec![
                    crate::world::rows(1, 0, [data_file("two", 3)]),
                    compaction(1, 0, &[data_file("before0", 3)], &[leveled("merged", 5, 0, 9)]),
                ],
                ..PreparedCommit::default()
            },
            append(3, "three"),
        ];
        let report = crash_points(
            "three commits, one with a compaction",
            &start,
            async |process: Process| {
                old.iter().for_each(|token| process.notes.tried(token));
                process.notes.tried("merged");
                old[1..].iter().for_each(|token| process.notes.acked(token));
                let committer = World::new(process.io, MERGING).committer("u", &process.runtime);
                for (prepared, token) in commits.iter().zip(["one", "two", "three"]) {
                    process.notes.tried(token);
                    let _ = committer.commit(prepared.clone()).await?;
                    process.notes.acked(token);
                }
                Ok(())
            },
            async |image: CrashImage| {
                if matches!(image.point.shape, Shape::LandsLate | Shape::ErrorAfter | Shape::ErrorBefore) {
                    let publish = image.point.call.operation == tidelake_testing::Operation::Publish;
                    assert!(
                        !publish || image.outcome == Some(Ok(())),
                        "an unclear publish is resolved: {:?}",
                        image.outcome
                    );
                }
                recover(&image, &commits, &["before1", "before2", "merged", "one", "three", "two"]).await;
            },
        );
        assert!(report.points >= 300, "{}", report.points);
    }
}

async fn read(io: &SimIO, path: &tidelake_io::FilePath) -> bytes::Bytes {
    use tidelake_io::FileIO;
    io.read_all(path, 1 << 30).await.unwrap()
}
