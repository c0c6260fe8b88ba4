//! Crash points: a scenario is ended at every storage call, and each end is recovered from and checked.
//!
//! The scenario runs once to its end while its store is forked before and after every call: each fork is the image of a crash
//! there, so n calls cost one run and not n. Faults that the scenario itself sees need a run of their own, one for each call.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use futures::FutureExt;
use parking_lot::Mutex;
use tidelake_io::FileIO;
use tidelake_runtime::Runtime;

use crate::{Call, ErrShape, Fault, FaultIO, FaultPlan, Moment, Operation, Profile, Sim, SimIO, seed};

/// What a scenario is given: all that a process has.
#[derive(Debug, Clone)]
pub struct Process {
    /// Its storage.
    pub io: Arc<dyn FileIO>,
    /// Its clock, ids, threads and memory.
    pub runtime: Runtime,
    /// What it tried and what it was promised.
    pub notes: Notes,
}

/// What a scenario tried and what it was promised, as tokens of its own.
#[derive(Debug, Clone, Default)]
pub struct Notes(Arc<Mutex<Noted>>);

#[derive(Debug, Clone, Default)]
struct Noted {
    tried: Vec<String>,
    acked: Vec<String>,
}

impl Notes {
    /// From now on `token` may be there after a crash.
    pub fn tried(&self, token: impl Into<String>) {
        self.0.lock().tried.push(token.into());
    }

    /// From now on `token` must be there after a crash.
    pub fn acked(&self, token: impl Into<String>) {
        self.0.lock().acked.push(token.into());
    }
}

/// How a scenario is ended, or disturbed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Shape {
    HaltBefore,
    HaltAfter,
    /// Halted after the call, and what was not synced is gone.
    PowerLoss,
    /// The call fails without effect, the process lives on.
    ErrorBefore,
    /// The call takes effect and fails, the process lives on.
    ErrorAfter,
    /// The call fails and takes effect some calls later, the process lives on.
    LandsLate,
    /// The call is delivered twice.
    Duplicate,
}

/// Where a scenario was ended or disturbed.
#[derive(Debug, Clone)]
pub struct CrashPoint {
    /// The scenario's name.
    pub scenario: String,
    /// The call.
    pub call: Call,
    /// What happened to it.
    pub shape: Shape,
    /// The seed of the run.
    pub seed: u64,
}

impl fmt::Display for CrashPoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:?} at call {} of `{}` (TIDELAKE_SEED={} repeats it)",
            self.shape, self.call, self.scenario, self.seed
        )
    }
}

/// What is left after a crash.
#[derive(Debug)]
pub struct CrashImage {
    /// Where it was.
    pub point: CrashPoint,
    /// The store as it was left; change it freely.
    pub io: SimIO,
    /// What had been tried by then.
    pub tried: Vec<String>,
    /// What had been promised by then.
    pub acked: Vec<String>,
    /// How the scenario ended, where it lived on.
    pub outcome: Option<Result<(), String>>,
    sim: Sim,
    processes: AtomicU64,
}

impl CrashImage {
    /// A new process on this image; each has ids of its own.
    pub fn process(&self) -> Process {
        let number = self.processes.fetch_add(1, Ordering::Relaxed);
        let runtime = self.sim.runtime(&format!("recovery {number}"));
        Process { io: Arc::new(self.io.clone()), runtime, notes: Notes::default() }
    }
}

/// What was visited.
#[derive(Debug, Clone)]
pub struct CrashReport {
    /// The scenario's name.
    pub scenario: String,
    /// Its calls, undisturbed.
    pub calls: Vec<Call>,
    /// How many distinct points (call and shape) were checked.
    pub points: usize,
    /// The same by shape.
    pub by_shape: BTreeMap<Shape, usize>,
}

impl fmt::Display for CrashReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "scenario `{}`: {} calls, {} crash points {:?}",
            self.scenario,
            self.calls.len(),
            self.points,
            self.by_shape
        )?;
        self.calls.iter().try_for_each(|call| writeln!(f, "  {call}"))
    }
}

/// Ends `scenario` at every storage call, and disturbs every call that changes something; `check` judges what is left.
///
/// `start` is what the scenario finds; it is not changed. Everything random comes from [`seed`]. Prints the calls and the
/// number of points; a failing check prints its point.
///
/// # Panics
///
/// If the undisturbed scenario fails, or a check does.
pub fn crash_points(
    scenario_name: &str,
    start: &SimIO,
    scenario: impl AsyncFn(Process) -> Result<(), Box<dyn std::error::Error>>,
    check: impl AsyncFn(CrashImage),
) -> CrashReport {
    let seed = seed();
    let harness = Harness { name: scenario_name, start, scenario, check, seed };
    let (calls, images) = harness.halts();
    let mut by_shape = BTreeMap::new();
    for image in images {
        *by_shape.entry(image.point.shape).or_insert(0) += 1;
        harness.judge(image);
    }
    for call in &calls {
        for (shape, fault) in disturbances(call.operation) {
            *by_shape.entry(shape).or_insert(0) += 1;
            harness.judge(harness.disturbed(call, shape, fault));
        }
    }
    let report = CrashReport { scenario: scenario_name.to_owned(), points: by_shape.values().sum(), calls, by_shape };
    eprintln!("{report}  (seed {seed})");
    report
}

/// What may happen to a call while the process lives on.
fn disturbances(operation: Operation) -> Vec<(Shape, Fault)> {
    let before = (Shape::ErrorBefore, Fault::ErrBefore(ErrShape::Timeout));
    let after = (Shape::ErrorAfter, Fault::ErrAfter(ErrShape::Timeout));
    let late = (Shape::LandsLate, Fault::LandLate { after_calls: 3, then: ErrShape::Timeout });
    match operation {
        Operation::Publish => vec![before, after, late, (Shape::Duplicate, Fault::Duplicate)],
        operation if operation.mutates() => vec![before, after],
        _ => vec![before],
    }
}

/// An image as the hook takes it.
type Taken = (Call, Shape, SimIO, Noted);

struct Harness<'h, S, C> {
    name: &'h str,
    start: &'h SimIO,
    scenario: S,
    check: C,
    seed: u64,
}

impl<S, C> Harness<'_, S, C>
where
    S: AsyncFn(Process) -> Result<(), Box<dyn std::error::Error>>,
    C: AsyncFn(CrashImage),
{
    /// Runs the scenario undisturbed and takes an image before and after each call, and after a power cut.
    fn halts(&self) -> (Vec<Call>, Vec<CrashImage>) {
        let sim = Sim::new(self.seed);
        let disk = self.start.fork();
        let notes = Notes::default();
        let images: Arc<Mutex<Vec<Taken>>> = Arc::default();
        let io = FaultIO::new(Arc::new(disk.clone()), FaultPlan::None).with_hook({
            let (notes, images) = (notes.clone(), Arc::clone(&images));
            move |call, moment| {
                let noted = notes.0.lock().clone();
                let mut images = images.lock();
                match moment {
                    Moment::Before => images.push((call, Shape::HaltBefore, disk.fork(), noted)),
                    Moment::After => {
                        if disk.profile() == Profile::Local {
                            images.push((call.clone(), Shape::PowerLoss, disk.power_loss(), noted.clone()));
                        }
                        images.push((call, Shape::HaltAfter, disk.fork(), noted));
                    }
                }
                futures::future::ready(()).boxed()
            }
        });
        let process = Process { io: Arc::new(io.clone()), runtime: sim.runtime("scenario"), notes };
        if let Err(error) = sim.run((self.scenario)(process)) {
            panic!("`{}` fails undisturbed (seed {}): {error}", self.name, self.seed);
        }
        let images = std::mem::take(&mut *images.lock());
        let images = images
            .into_iter()
            .map(|(call, shape, io, noted)| self.image(&call, shape, io, noted, None, &sim))
            .collect();
        (io.calls(), images)
    }

    /// Runs the scenario with one fault, and lets what is still under way land.
    fn disturbed(&self, call: &Call, shape: Shape, fault: Fault) -> CrashImage {
        let sim = Sim::new(self.seed);
        let disk = self.start.fork();
        let notes = Notes::default();
        let io = FaultIO::new(Arc::new(disk.clone()), FaultPlan::At { call: call.number, fault });
        let process = Process { io: Arc::new(io.clone()), runtime: sim.runtime("scenario"), notes: notes.clone() };
        let outcome = sim.run(async {
            let outcome = (self.scenario)(process).await.map_err(|error| error.to_string());
            io.land_all().await;
            outcome
        });
        let noted = notes.0.lock().clone();
        self.image(call, shape, disk, noted, Some(outcome), &sim)
    }

    fn image(
        &self,
        call: &Call,
        shape: Shape,
        io: SimIO,
        noted: Noted,
        outcome: Option<Result<(), String>>,
        sim: &Sim,
    ) -> CrashImage {
        let point = CrashPoint { scenario: self.name.to_owned(), call: call.clone(), shape, seed: self.seed };
        let Noted { tried, acked } = noted;
        CrashImage { point, io, tried, acked, outcome, sim: sim.clone(), processes: AtomicU64::new(0) }
    }

    fn judge(&self, image: CrashImage) {
        let guard = Tell(image.point.to_string());
        let sim = image.sim.clone();
        sim.run((self.check)(image));
        drop(guard);
    }
}

/// Names the point while a failing check unwinds.
struct Tell(String);

impl Drop for Tell {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("the check failed: {}", self.0);
        }
    }
}
