//! Only for tests: storage that a test owns, storage that fails on order, time and randomness from a seed, and crash points.
//!
//! | | |
//! |---|---|
//! | [`SimIO`] | a store in memory that forks in O(1) and can lose power |
//! | [`FaultIO`] | wraps a store: counts its calls and makes chosen ones fail, before or after they took effect |
//! | [`Sim`] | one thread, one clock that the test owns, ids from a seed: [`Sim::runtime`], [`Sim::run`] |
//! | [`crash_points`] | crashes a scenario at every storage call and has each crash image checked |
//! | [`seed`] | the seed of a test: `TIDELAKE_SEED`, else a fixed one |
//! | [`canary`] | names of planted bugs, to see a test fail |
//! | [`batch`], [`data_file`] | rows and file descriptions without ceremony |
//!
//! # Crash points
//!
//! A *scenario* is what a process does, given its [`Process`]: a store, a runtime and [`Notes`]. Before it begins something
//! that must survive it notes [`Notes::tried`], and once it was promised [`Notes::acked`]. The *check* gets each crash image,
//! starts a new process on it ([`CrashImage::process`]), recovers, and asserts that everything acked is there, once, and
//! that nothing else is but what was tried.
//!
//! ```
//! use tidelake_io::{FileIO, FilePath, Publish};
//! use tidelake_testing::{CrashImage, Process, SimIO, crash_points};
//!
//! let path = FilePath::parse("/t/snapshot/snapshot-1").unwrap();
//! let report = crash_points(
//!     "publish one snapshot",
//!     &SimIO::local(),
//!     async |process: Process| {
//!         process.notes.tried("one");
//!         while process.io.publish(&path, "one".into()).await? == Publish::Unknown {}
//!         process.notes.acked("one");
//!         Ok(())
//!     },
//!     async |image: CrashImage| {
//!         let found = image.process().io.read_all(&path, 100).await;
//!         match image.acked.as_slice() {
//!             [] => assert!(found.is_err() || image.tried == ["one"]),
//!             _ => assert_eq!(found.unwrap(), "one"),
//!         }
//!     },
//! );
//! assert_eq!(report.calls.len(), 1);
//! assert!(report.points >= 4);
//! ```
//!
//! It prints the calls of the scenario and how many points it visited; a failing check prints its point and the seed. With
//! `TIDELAKE_SEED` set to that, the same run repeats exactly.

#![expect(clippy::panic, reason = "a panic is how a test fails")]

mod batches;
pub mod canary;
mod clock;
mod crash;
mod fault;
mod fault_io;
mod files;
mod random;
mod sim;
mod sim_io;

pub use batches::{batch, ints, longs, texts};
pub use clock::SimClock;
pub use crash::{CrashImage, CrashPoint, CrashReport, Notes, Process, Shape, crash_points};
pub use fault::{Call, ErrShape, Fault, FaultPlan, FaultRates, Match, Operation, PathClass};
pub use fault_io::{FaultIO, Moment};
pub use files::data_file;
pub use random::{Random, SeededIds, seed};
pub use sim::Sim;
pub use sim_io::{Profile, SimIO};
