//! Crash points find what they are for.

use std::panic::{AssertUnwindSafe, catch_unwind};

use tidelake_io::FilePath;
use tidelake_testing::{CrashImage, Operation, Process, Shape, SimIO, crash_points};

fn path(name: &str) -> FilePath {
    FilePath::parse("/t").unwrap().child(name).unwrap()
}

async fn two_files(process: &Process, sync: bool) -> Result<(), Box<dyn std::error::Error>> {
    process.notes.tried("both");
    process.io.overwrite(&path("a"), "1".into()).await?;
    process.io.overwrite(&path("b"), "1".into()).await?;
    if sync {
        process.io.sync(&[path("a"), path("b")]).await?;
    }
    process.notes.acked("both");
    // Once it is promised, something else goes on.
    let _ = process.io.stat(&path("a")).await;
    Ok(())
}

async fn acked_means_both(image: CrashImage) {
    assert!(image.acked.is_empty() || image.io.paths().len() == 2, "lost");
}

#[test]
fn every_call_is_visited_in_every_shape() {
    let report = crash_points(
        "two files",
        &SimIO::local(),
        async |process: Process| two_files(&process, true).await,
        acked_means_both,
    );
    let operations: Vec<Operation> = report.calls.iter().map(|call| call.operation).collect();
    assert_eq!(operations, [Operation::Overwrite, Operation::Overwrite, Operation::Sync, Operation::Stat]);
    let count = |shape| report.by_shape.get(&shape).copied().unwrap_or_default();
    assert_eq!(
        [Shape::HaltBefore, Shape::HaltAfter, Shape::PowerLoss, Shape::ErrorBefore, Shape::ErrorAfter].map(count),
        [4, 4, 4, 4, 3]
    );
    assert_eq!(report.points, 19);
}

#[test]
fn a_promise_before_the_sync_is_caught_by_the_power_cut_only() {
    let run = |start: SimIO| {
        catch_unwind(AssertUnwindSafe(|| {
            crash_points(
                "no sync",
                &start,
                async |process: Process| two_files(&process, false).await,
                acked_means_both,
            );
        }))
    };
    assert!(run(SimIO::local()).is_err());
    assert!(run(SimIO::s3()).is_ok());
}

#[test]
fn half_of_two_files_is_caught() {
    let caught = catch_unwind(AssertUnwindSafe(|| {
        crash_points(
            "two files",
            &SimIO::local(),
            async |process: Process| two_files(&process, true).await,
            async |image: CrashImage| assert_ne!(image.io.paths().len(), 1, "half"),
        );
    }));
    assert!(caught.is_err());
}

#[test]
fn the_start_is_left_as_it_was() {
    let start = SimIO::local();
    crash_points("two files", &start, async |process: Process| two_files(&process, true).await, acked_means_both);
    assert!(start.paths().is_empty());
}
