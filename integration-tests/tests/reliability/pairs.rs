//! Every pair of actions, their storage calls interleaved in every way with up to two pre-emptions.

use std::{
    collections::BTreeSet,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Instant,
};

use futures::future::join;
use integration_tests::figure;
use tidelake_error::{Classify, ErrorKind};
use tidelake_table::Result;
use tidelake_testing::{Profile, Sim, SimIO};

use crate::{
    actions::{Action, OF_APPEND_TABLES, OF_KEY_TABLES, Rows, is_done, later, table_of_three_commits, tagged},
    turnstile::Turnstile,
    world::{World, clean, contents},
};

/// At most so many schedules of a pair; where there are more, they are spread evenly. `TIDELAKE_SCHEDULES` says otherwise.
const SCHEDULES_MAX: usize = 300;

/// What a pair starts from.
struct Start {
    key: bool,
    store: SimIO,
    rows: Rows,
    /// The rows of the snapshot that is tagged.
    tagged: Rows,
    /// Its storage publishes over what is there: a planted bug.
    careless: bool,
}

impl Start {
    fn new(key: bool, careless: bool) -> Self {
        let (store, rows) = table_of_three_commits(Profile::S3, key);
        let tagged = [1, 2].map(|key| (key, format!("{key} of 0"))).into();
        Self { key, store, rows, tagged, careless }
    }
}

/// An order of turns: who begins, and how many points each passes before the other comes in.
#[derive(Debug, Clone)]
struct Schedule {
    first: usize,
    slices: Vec<usize>,
}

/// The schedules of a pair whose actors pass so many points alone.
fn schedules(points: [usize; 2]) -> Vec<Schedule> {
    let mut all = Vec::new();
    for first in 0..2 {
        all.push(Schedule { first, slices: Vec::new() });
        for before in 1..points[first] {
            // The last one is: to its end, so that there is one pre-emption only.
            for within in 1..=points[1 - first] {
                all.push(Schedule { first, slices: vec![before, within] });
            }
        }
    }
    all
}

fn deletes(pair: [Action; 2]) -> bool {
    pair.contains(&Action::Expire)
}

/// How many points an action passes when it is alone.
fn points_alone(start: &Start, pair: [Action; 2], actor: usize) -> usize {
    let sim = Sim::new(1);
    let turnstile = Turnstile::new(actor, &[], deletes(pair));
    let disk = start.store.fork();
    sim.run(pair[actor].perform(turnstile.store(actor, &disk, false), sim.runtime("alone")))
        .unwrap_or_else(|error| panic!("{:?} alone: {error}", pair[actor]));
    turnstile.passed(actor)
}

/// Runs a pair by a schedule and judges what is left.
fn run(start: &Start, pair: [Action; 2], schedule: &Schedule) {
    let sim = Sim::new(1);
    let disk = start.store.fork();
    let turnstile = Turnstile::new(schedule.first, &schedule.slices, deletes(pair));
    let actor = |actor: usize| {
        let (io, runtime) = (turnstile.store(actor, &disk, start.careless), sim.runtime(["one", "other"][actor]));
        let turnstile = turnstile.clone();
        async move {
            let ended = pair[actor].perform(io, runtime).await;
            turnstile.end(actor);
            ended
        }
    };
    let (one, other) = sim.run(join(actor(0), actor(1)));
    sim.run(judge(start, pair, [one, other], &disk, &sim));
}

async fn judge(start: &Start, pair: [Action; 2], ended: [Result<Option<Rows>>; 2], disk: &SimIO, sim: &Sim) {
    let well = [ended[0].is_ok(), ended[1].is_ok()];
    let mut done = Vec::new();
    for (actor, ended) in ended.iter().enumerate() {
        let (action, rival) = (pair[actor], pair[1 - actor]);
        match ended {
            Ok(read) => {
                if let Some(read) = read {
                    let mut after = start.rows.clone();
                    rival.effect(&mut after);
                    assert!(*read == start.rows || *read == after, "{read:?} is read beside {rival:?}");
                }
                done.push(action);
            }
            // What is to be tagged may be gone.
            Err(error) if error.kind() == ErrorKind::NotFound && action == Action::Tag && rival == Action::Expire => {}
            // What one adds is there for the other.
            Err(_) if action == rival && matches!(action, Action::Alter | Action::Tag) => {
                assert!(well[1 - actor], "both failed");
            }
            Err(error) => panic!("{action:?} failed beside {rival:?}: {error}"),
        }
    }
    let io = std::sync::Arc::new(disk.clone());
    let world = World::over(io, sim.runtime("judge")).await.unwrap();
    let table = world.table().await.unwrap();
    clean(&table).await;
    let after = |actions: &[Action]| {
        let mut rows = start.rows.clone();
        actions.iter().for_each(|action| action.effect(&mut rows));
        rows
    };
    let mut possible = BTreeSet::from([after(&done)]);
    done.reverse();
    possible.insert(after(&done));
    let there: Rows = contents(&table).await.unwrap().into_iter().collect();
    assert!(possible.contains(&there), "{there:?} is there, one of {possible:?} is expected");
    for action in &done {
        assert_ne!(is_done(*action, &table).await, Some(false), "{action:?} was promised");
    }
    match tagged(&table).await {
        Some(rows) => assert_eq!(rows, start.tagged, "the tagged rows"),
        None => assert!(!done.contains(&Action::Tag), "the tag is gone"),
    }
    later(&table).await;
    assert_eq!(contents(&table).await.unwrap().len(), there.len() + 1);
    clean(&table).await;
}

/// What was run of a pair.
struct Line {
    key: bool,
    pair: [Action; 2],
    run: usize,
    all: usize,
}

/// All schedules of a pair, or `run_max` of them.
fn run_pair(start: &Start, pair: [Action; 2], run_max: usize) -> Result<Line, String> {
    let all = schedules([0, 1].map(|actor| points_alone(start, pair, actor)));
    let run_max = all.len().min(run_max);
    for number in 0..run_max {
        let schedule = &all[number * all.len() / run_max];
        if catch_unwind(AssertUnwindSafe(|| run(start, pair, schedule))).is_err() {
            return Err(format!("{pair:?}, key table: {}, {schedule:?}", start.key));
        }
    }
    Ok(Line { key: start.key, pair, run: run_max, all: all.len() })
}

#[test]
fn all_pairs_of_actions_agree_however_their_calls_interleave() {
    let starts = [true, false].map(|key| Start::new(key, false));
    let mut pairs = Vec::new();
    for (start, actions) in starts.iter().zip([&OF_KEY_TABLES[..], &OF_APPEND_TABLES[..]]) {
        for (number, one) in actions.iter().enumerate() {
            pairs.extend(actions[..=number].iter().map(|other| (start, [*one, *other])));
        }
    }
    let run_max = std::env::var("TIDELAKE_SCHEDULES").map_or(SCHEDULES_MAX, |text| text.parse().unwrap());
    let (next, began) = (AtomicUsize::new(0), Instant::now());
    let lines: Mutex<Vec<Result<Line, String>>> = Mutex::default();
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some((start, pair)) = pairs.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let line = run_pair(start, *pair, run_max);
                    lines.lock().unwrap().push(line);
                }
            });
        }
    });
    let lines = lines.into_inner().unwrap();
    let (mut run, mut all) = (0, 0);
    for key in [true, false] {
        for line in lines.iter().flatten().filter(|line| line.key == key) {
            let table = if key { "key table" } else { "append table" };
            let [one, other] = line.pair;
            let share = 100 * line.run / line.all;
            figure(format!("{table}: {one:?} x {other:?}: {} of {} schedules, {share} %", line.run, line.all));
            (run, all) = (run + line.run, all + line.all);
        }
    }
    figure(format!(
        "{} pairs, {run} of {all} schedules ({} %) in {:?}",
        lines.len(),
        100 * run / all.max(1),
        began.elapsed()
    ));
    let wrong: Vec<_> = lines.into_iter().filter_map(Result::err).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// The check is seen to fail: with a store whose `publish` replaces what another has published.
#[test]
fn a_store_that_publishes_over_others_is_found() {
    for (key, pair) in [(true, [Action::Upsert, Action::Truncate]), (false, [Action::Append, Action::Overwrite])] {
        assert!(run_pair(&Start::new(key, true), pair, usize::MAX).is_err(), "{pair:?}");
    }
}
