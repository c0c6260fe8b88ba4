//! From sorted runs to windows: a k-way merge of row references.
//!
//! The grouper holds the head batch of each run and asks for the next one when a head is used up. It moves references
//! only. Where the rows of one run come before every other head, two short cuts apply:
//!
//! ```text
//! run 0   1 2 3 4 5 6 ......... 5000 | 5003       thousands of rows: passed on as a slice, untouched
//! run 1                                5001 5003
//! ```
//!
//! and a shorter stretch is taken over without a match for each row.

use std::{cmp::Ordering, ops::Range, sync::Arc};

use super::{KeyValueBatch, MergeWindow, RowRef, WindowLimits, loser_tree::LoserTree};
use crate::KeyOrder;

/// What the grouper needs or has.
#[derive(Debug)]
pub enum GroupStep {
    /// The next batch of this run, or the news that there is none: call [`Grouper::feed`].
    Need {
        /// The run.
        run: usize,
    },
    /// Some groups.
    Window(MergeWindow),
    /// Rows whose keys no other run has.
    Pass {
        /// The batch.
        batch: Arc<KeyValueBatch>,
        /// Its rows.
        rows: Range<usize>,
    },
    /// All runs are at their end.
    Done,
}

/// Merges sorted runs into windows. Plain code: it reads nothing itself.
#[derive(Debug)]
pub struct Grouper {
    /// From old to new, so that what nothing tells apart comes out the same in every reading.
    runs: Vec<Run>,
    /// `None` until every run has been fed once.
    tree: Option<LoserTree>,
    limits: WindowLimits,
    /// So many rows are worth a step of their own.
    pass_rows: usize,
    window: MergeWindow,
    window_bytes: usize,
    /// Rows to pass on after the window before them.
    pending: Option<GroupStep>,
    /// The run that won last, and how often in a row.
    streak: (usize, u32),
}

/// A run and its head.
#[derive(Debug, Default)]
struct Run {
    state: State,
    /// The prefix of the head's key.
    prefix: u64,
    batch: Option<Arc<KeyValueBatch>>,
    row: usize,
    /// The batch's index in the window, once a row of it went in.
    slot: Option<u32>,
}

/// In the order of the tree: a run that waits comes first, for without it nothing is certain.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum State {
    #[default]
    Waiting,
    Alive,
    Ended,
}

/// After so many rows from one run it is worth looking how far it goes on alone.
const STREAK: u32 = 8;

impl Grouper {
    /// For `runs` runs, from old to new.
    pub fn new(runs: usize, limits: WindowLimits) -> Self {
        Self {
            runs: std::iter::repeat_with(Run::default).take(runs).collect(),
            tree: None,
            limits,
            pass_rows: (limits.rows / 16).max(1),
            window: MergeWindow::empty(),
            window_bytes: 0,
            pending: None,
            streak: (0, 0),
        }
    }

    /// The next batch of the run that [`Grouper::step`] asked for, its keys not before the last ones; `None` at its end.
    pub fn feed(&mut self, run: usize, batch: Option<Arc<KeyValueBatch>>) {
        self.runs[run] = match batch {
            Some(batch) if batch.num_rows() == 0 => return,
            Some(batch) => {
                Run { state: State::Alive, prefix: batch.order.prefix(0), batch: Some(batch), row: 0, slot: None }
            }
            None => Run { state: State::Ended, ..Run::default() },
        };
        self.replay();
    }

    /// Goes on until something is needed or ready.
    pub fn step(&mut self) -> GroupStep {
        if let Some(step) = self.pending.take() {
            return step;
        }
        if self.tree.is_none() {
            if let Some(run) = self.runs.iter().position(|run| run.state == State::Waiting) {
                return GroupStep::Need { run };
            }
            self.tree = Some(LoserTree::new(self.runs.len(), |a, b| before(&self.runs, a, b)));
        }
        loop {
            let winner = self.tree.as_ref().map_or(0, LoserTree::winner);
            match self.runs.get(winner).map(|run| run.state) {
                Some(State::Waiting) => return GroupStep::Need { run: winner },
                Some(State::Alive) => {}
                Some(State::Ended) | None => {
                    self.window.close_group();
                    return self.take_window().unwrap_or(GroupStep::Done);
                }
            }
            if !self.continues_group(winner) {
                self.window.close_group();
                if (self.window.rows.len() >= self.limits.rows || self.window_bytes >= self.limits.bytes)
                    && let Some(window) = self.take_window()
                {
                    return window;
                }
                let alone = self.rows_alone(winner);
                if alone >= self.pass_rows {
                    return self.pass(winner, alone);
                }
                for _ in 1..alone {
                    self.push(winner);
                    self.window.close_group();
                }
            }
            self.push(winner);
            self.replay();
        }
    }

    /// Whether the head of this run has the key of the row last put into the window.
    #[inline]
    fn continues_group(&self, run: usize) -> bool {
        let run = &self.runs[run];
        let (Some(last), Some(batch)) = (self.window.rows.last(), &run.batch) else { return false };
        let (order, row) = (&self.window.batches[last.batch as usize].order, last.row as usize);
        order.prefix(row) == run.prefix && order.compare_beyond_prefix(row, &batch.order, run.row) == Ordering::Equal
    }

    /// How many rows of the winner's batch come before all other heads, each a group of its own. 0 where it was not worth
    /// looking.
    fn rows_alone(&mut self, winner: usize) -> usize {
        self.streak = if self.streak.0 == winner { (winner, self.streak.1 + 1) } else { (winner, 1) };
        let run = &self.runs[winner];
        let (Some(batch), Some(tree)) = (&run.batch, &self.tree) else { return 0 };
        if !batch.distinct || (run.row > 0 && self.streak.1 < STREAK) {
            return 0;
        }
        self.streak.1 = 0;
        let challenger = tree.runner_up(|a, b| before(&self.runs, a, b)).map(|challenger| &self.runs[challenger]);
        let end = match challenger.and_then(|challenger| Some((challenger.batch.as_ref()?, challenger.row))) {
            Some((other, row)) => first_not_before(&batch.order, run.row, &other.order, row),
            None => batch.num_rows(),
        };
        end - run.row
    }

    /// Passes rows of the winner on, after the window before them.
    fn pass(&mut self, winner: usize, rows: usize) -> GroupStep {
        let run = &mut self.runs[winner];
        let Some(batch) = run.batch.clone() else { return GroupStep::Need { run: winner } };
        let pass = GroupStep::Pass { batch, rows: run.row..run.row + rows };
        run.advance(rows);
        self.replay();
        match self.take_window() {
            Some(window) => {
                self.pending = Some(pass);
                window
            }
            None => pass,
        }
    }

    /// Puts the head of a run into the window.
    #[inline]
    fn push(&mut self, run: usize) {
        let run = &mut self.runs[run];
        let Some(batch) = &run.batch else { return };
        let batches = &mut self.window.batches;
        let slot = *run.slot.get_or_insert_with(|| {
            batches.push(Arc::clone(batch));
            (batches.len() - 1) as u32
        });
        self.window.rows.push(RowRef { batch: slot, row: run.row as u32 });
        self.window_bytes += batch.row_bytes();
        run.advance(1);
    }

    /// The winner's head has changed.
    #[inline]
    fn replay(&mut self) {
        if let Some(tree) = &mut self.tree {
            tree.replay(|a, b| before(&self.runs, a, b));
        }
    }

    fn take_window(&mut self) -> Option<GroupStep> {
        if self.window.rows.is_empty() {
            return None;
        }
        self.window_bytes = 0;
        self.runs.iter_mut().for_each(|run| run.slot = None);
        Some(GroupStep::Window(std::mem::replace(&mut self.window, MergeWindow::empty())))
    }
}

impl Run {
    #[inline]
    fn advance(&mut self, rows: usize) {
        self.row += rows;
        match &self.batch {
            Some(batch) if self.row < batch.num_rows() => self.prefix = batch.order.prefix(self.row),
            _ => *self = Self::default(),
        }
    }
}

/// Whether the head of run `a` comes before that of run `b`.
#[inline]
fn before(runs: &[Run], a: usize, b: usize) -> bool {
    let (left, right) = (&runs[a], &runs[b]);
    let by_key = || match (&left.batch, &right.batch) {
        (Some(x), Some(y)) => x.order.compare_beyond_prefix(left.row, &y.order, right.row),
        _ => Ordering::Equal,
    };
    (left.state, left.prefix).cmp(&(right.state, right.prefix)).then_with(by_key).then(a.cmp(&b)) == Ordering::Less
}

/// The first row, from `start` on, whose key is not before that of `row` in `other`: steps that double, then halves.
fn first_not_before(order: &KeyOrder, start: usize, other: &KeyOrder, row: usize) -> usize {
    let is_before = |candidate: usize| order.compare(candidate, other, row) == Ordering::Less;
    let (mut low, mut step) = (start, 1);
    while low + step <= order.len() && is_before(low + step - 1) {
        low += step;
        step *= 2;
    }
    let mut high = (low + step).min(order.len());
    while low < high {
        let middle = low + (high - low) / 2;
        if is_before(middle) { low = middle + 1 } else { high = middle }
    }
    low
}
