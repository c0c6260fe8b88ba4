//! Two actors whose storage calls are let through one at a time, in an order that the test chooses.
//!
//! ```text
//!  actor 0   c c c P c │                 │ c c P c .        c: a call   P: a call before which the other may come in
//!  actor 1             │ c P c c P c c   │           c c .  │: the turn goes to the other (a pre-emption)
//!            slices: 1                2    to its end
//! ```
//!
//! Whoever has the turn keeps it while it waits for time. Calls before which a change of turns makes no difference are not
//! counted: those that make files under fresh names and, unless somebody deletes files, those that read them.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    task::{Poll, Waker},
};

use futures::{FutureExt, future::BoxFuture};
use tidelake_io::FileIO;
use tidelake_testing::{Call, FaultIO, FaultPlan, Moment, Operation, PathClass, SimIO};

/// Which of two actors may call.
#[derive(Debug, Clone)]
pub(crate) struct Turnstile(Arc<Mutex<Turns>>);

#[derive(Debug)]
struct Turns {
    turn: usize,
    /// How many points whoever has the turn may pass; `None`: all.
    left: Option<usize>,
    slices: VecDeque<usize>,
    ended: [bool; 2],
    passed: [usize; 2],
    waiting: Vec<Waker>,
    /// Whether files are deleted, so that reading them is a point too.
    deletes: bool,
}

impl Turnstile {
    /// `first` begins and passes so many points, then the other so many; then each goes on to its end.
    pub(crate) fn new(first: usize, slices: &[usize], deletes: bool) -> Self {
        let mut slices: VecDeque<usize> = slices.iter().copied().collect();
        let left = slices.pop_front();
        let (ended, passed) = ([false; 2], [0; 2]);
        Self(Arc::new(Mutex::new(Turns { turn: first, left, slices, ended, passed, waiting: Vec::new(), deletes })))
    }

    /// The store as an actor sees it. A careless one publishes over what is there: a planted bug.
    pub(crate) fn store(&self, actor: usize, disk: &SimIO, careless: bool) -> Arc<dyn FileIO> {
        let (turnstile, inner) = (self.clone(), Arc::new(disk.clone()));
        let disk = disk.clone();
        Arc::new(FaultIO::new(inner, FaultPlan::None).with_hook(move |call, moment| match moment {
            Moment::Before => {
                let disk = disk.clone();
                let gone = call.path.clone().filter(|_| careless && call.operation == Operation::Publish);
                let passed = turnstile.clone().pass(actor, call);
                passed.map(move |()| gone.iter().for_each(|path| disk.remove(path))).boxed()
            }
            Moment::After => futures::future::ready(()).boxed(),
        }))
    }

    fn pass(self, actor: usize, call: Call) -> BoxFuture<'static, ()> {
        futures::future::poll_fn(move |context| {
            let mut turns = self.0.lock().unwrap();
            let point = turns.is_point(&call);
            if turns.may_pass(actor, point) {
                return Poll::Ready(());
            }
            turns.waiting.push(context.waker().clone());
            Poll::Pending
        })
        .boxed()
    }

    /// An actor makes no further calls.
    pub(crate) fn end(&self, actor: usize) {
        let mut turns = self.0.lock().unwrap();
        turns.ended[actor] = true;
        turns.give(1 - actor, None);
    }

    /// How many points an actor has passed.
    pub(crate) fn passed(&self, actor: usize) -> usize {
        self.0.lock().unwrap().passed[actor]
    }
}

impl Turns {
    fn may_pass(&mut self, actor: usize, point: bool) -> bool {
        if self.turn != actor {
            return false;
        }
        if point && !self.ended[1 - actor] {
            match &mut self.left {
                Some(0) => {
                    let slice = self.slices.pop_front();
                    self.give(1 - actor, slice);
                    return false;
                }
                Some(left) => *left -= 1,
                None => {}
            }
        }
        self.passed[actor] += usize::from(point);
        true
    }

    fn give(&mut self, to: usize, left: Option<usize>) {
        (self.turn, self.left) = (to, left);
        self.waiting.drain(..).for_each(Waker::wake);
    }

    fn is_point(&self, call: &Call) -> bool {
        use PathClass::{Data, IndexManifest, Manifest, ManifestList};
        let fresh = matches!(call.class, Data | Manifest | ManifestList | IndexManifest);
        match call.operation {
            Operation::Delete | Operation::DeletePrefix => true,
            Operation::Create | Operation::Write | Operation::Finish | Operation::Abort | Operation::Sync => !fresh,
            _ => !fresh || self.deletes,
        }
    }
}
