//! Random histories against a model in memory: what was committed is what is read, whatever was done in between.
//!
//! A failing history is printed with its seed, cut down to what is needed to fail; `TIDELAKE_SEED` set to the seed repeats
//! it. `TIDELAKE_MODEL_SEEDS` says how many are run.

mod op;
mod rows;
mod run;
mod shape;
mod shrink;
mod table;

use std::{
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use integration_tests::figure;
use tidelake_testing::{Random, canary, seed};

use self::{op::Op, run::run, shape::Shape, shrink::shrunk};

const OPS: usize = 40;

fn history(seed: u64) -> (Shape, Vec<Op>) {
    let mut random = Random::new(seed);
    (Shape::draw(&mut random), (0..OPS).map(|_| Op::draw(&mut random)).collect())
}

/// What is wrong with this seed's history, cut down; `None` if nothing is.
fn tried(seed: u64, planted: Option<&str>) -> Option<String> {
    let (shape, ops) = history(seed);
    let failure = run(seed, &shape, &ops, planted).err()?;
    let (ops, failure) = shrunk(seed, &shape, ops, failure, planted);
    let lines: String = ops.iter().map(|op| format!("  {op:?}\n")).collect();
    Some(format!("TIDELAKE_SEED={seed}\n{shape:?}\n{lines}{}", failure.message))
}

/// Tries seeds on all cores until one fails.
fn first_failure(seeds: std::ops::Range<u64>, planted: Option<&str>) -> Option<String> {
    let next = AtomicU64::new(seeds.start);
    let found: Mutex<Option<String>> = Mutex::default();
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(2, usize::from) {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= seeds.end || found.lock().unwrap().is_some() {
                        return;
                    }
                    if let Some(failure) = tried(seed, planted) {
                        found.lock().unwrap().get_or_insert(failure);
                        return;
                    }
                }
            });
        }
    });
    found.into_inner().unwrap()
}

#[test]
fn random_histories_end_as_in_the_model() {
    let number = |name| std::env::var(name).ok().map(|text: String| text.parse::<u64>().unwrap());
    let seeds = match number("TIDELAKE_SEED") {
        Some(only) => only..only + 1,
        None => seed()..seed() + number("TIDELAKE_MODEL_SEEDS").unwrap_or(2000),
    };
    let began = Instant::now();
    let failure = first_failure(seeds.clone(), None);
    figure(format!("{} histories of {OPS} operations in {:?}", seeds.end - seeds.start, began.elapsed()));
    if let Some(failure) = failure {
        panic!("a history went wrong\n{failure}");
    }
}

/// The model is seen to find what is wrong: with a commit that forgets what its user committed before.
#[test]
fn a_planted_bug_is_found_by_the_model() {
    let planted = canary::FORGET_HISTORY;
    let found = first_failure(0..300, Some(planted));
    figure(format!("`{planted}`: {}", found.as_deref().unwrap_or("not found")));
    assert!(found.is_some(), "`{planted}` is not found");
}
