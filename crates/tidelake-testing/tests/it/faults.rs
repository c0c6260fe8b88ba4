//! Faults do what they say.

use std::sync::Arc;

use futures::executor::block_on;
use tidelake_error::{Classify, ErrorKind};
use tidelake_io::{FileIO, FilePath, Publish};
use tidelake_testing::{ErrShape, Fault, FaultIO, FaultPlan, FaultRates, Match, Operation, PathClass, Random, SimIO};

fn path(name: &str) -> FilePath {
    FilePath::parse("/t/snapshot").unwrap().child(name).unwrap()
}

fn over(plan: FaultPlan) -> (FaultIO, SimIO) {
    let disk = SimIO::local();
    (FaultIO::new(Arc::new(disk.clone()), plan), disk)
}

#[test]
fn a_publish_fails_in_the_ways_of_a_network() {
    use ErrShape::{AlreadyExists, Denied, Refused, Reset, Timeout};
    let cases = [
        (Fault::ErrBefore(Timeout), Ok(Publish::Unknown), false),
        (Fault::ErrAfter(Reset), Ok(Publish::Unknown), true),
        (Fault::ErrBefore(AlreadyExists), Ok(Publish::AlreadyExists), false),
        (Fault::ErrAfter(AlreadyExists), Ok(Publish::AlreadyExists), true),
        (Fault::ErrBefore(Refused), Err(ErrorKind::Unavailable), false),
        (Fault::ErrBefore(Denied), Err(ErrorKind::PermissionDenied), false),
        (Fault::Duplicate, Ok(Publish::AlreadyExists), true),
        (Fault::LandLate { after_calls: 1, then: Timeout }, Ok(Publish::Unknown), false),
    ];
    for (fault, answer, there) in cases {
        let (io, disk) = over(FaultPlan::At { call: 1, fault });
        let answered = block_on(io.publish(&path("snapshot-1"), "x".into()));
        assert_eq!(answered.map_err(|error| error.kind()), answer, "{fault:?}");
        assert_eq!(!disk.paths().is_empty(), there, "{fault:?}");
    }
}

#[test]
fn a_late_request_lands_some_calls_later() {
    let (io, disk) =
        over(FaultPlan::At { call: 1, fault: Fault::LandLate { after_calls: 2, then: ErrShape::Timeout } });
    block_on(async {
        assert!(io.overwrite(&path("LATEST"), "1".into()).await.unwrap_err().is_ambiguous());
        assert!(io.stat(&path("LATEST")).await.is_err());
        assert!(io.stat(&path("LATEST")).await.is_ok());
    });
    let (io, disk_2) =
        over(FaultPlan::At { call: 1, fault: Fault::LandLate { after_calls: 99, then: ErrShape::Timeout } });
    block_on(async {
        io.overwrite(&path("LATEST"), "1".into()).await.unwrap_err();
        io.land_all().await;
    });
    assert_eq!(disk.paths(), disk_2.paths());
}

#[test]
fn a_dead_process_changes_nothing_more() {
    for (fault, there) in [(Fault::HaltBefore, 1), (Fault::HaltAfter, 2)] {
        let (io, disk) = over(FaultPlan::At { call: 2, fault });
        block_on(async {
            io.overwrite(&path("1"), "1".into()).await.unwrap();
            io.overwrite(&path("2"), "2".into()).await.unwrap_err();
            io.overwrite(&path("3"), "3".into()).await.unwrap_err();
            io.read_all(&path("1"), 9).await.unwrap_err();
        });
        assert_eq!(disk.paths().len(), there, "{fault:?}");
    }
}

#[test]
fn a_script_counts_what_matches() {
    let line = Match { skip: 1, times: 2, ..Match::first(Operation::Stat, PathClass::Hint) };
    let (io, disk) = over(FaultPlan::Script(vec![(line, Fault::ErrBefore(ErrShape::Denied))]));
    disk.put(&path("LATEST"), "1");
    disk.put(&path("snapshot-1"), "1");
    let answers: Vec<bool> = block_on(async {
        let mut answers = Vec::new();
        for name in ["LATEST", "snapshot-1", "LATEST", "LATEST", "LATEST"] {
            answers.push(io.stat(&path(name)).await.is_ok());
        }
        answers
    });
    assert_eq!(answers, [true, true, false, false, true]);
    assert_eq!((io.count(Operation::Stat, PathClass::Hint), io.calls().len()), (4, 5));
}

#[test]
fn the_same_seed_gives_the_same_faults() {
    let run = |seed| {
        let rates = FaultRates { err_before: 200, err_after: 200, land_late: 100, duplicate: 100, read_err: 100 };
        let (io, disk) = over(FaultPlan::Rates(Random::new(seed), rates));
        let answers: Vec<String> = block_on(async {
            let mut answers = Vec::new();
            for number in 0..50 {
                answers.push(format!(
                    "{:?}",
                    io.publish(&path(&format!("snapshot-{}", number % 20)), "x".into()).await.ok()
                ));
            }
            answers
        });
        (answers, disk.paths())
    };
    assert_eq!(run(1), run(1));
    assert_ne!(run(1), run(2));
}
