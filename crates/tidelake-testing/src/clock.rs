//! Time that stands still until everybody sleeps.

use std::{
    collections::BTreeMap,
    sync::Arc,
    task::{Poll, Waker},
    time::Duration,
};

use futures::future::{BoxFuture, poll_fn};
use parking_lot::Mutex;
use tidelake_runtime::Clock;

/// A clock of its own: it moves when [`SimClock::advance`] says so, and, under [`Sim::run`](crate::Sim::run), to the next
/// alarm when nobody has anything else to do.
#[derive(Debug, Clone, Default)]
pub struct SimClock(Arc<Mutex<Alarms>>);

#[derive(Debug, Default)]
struct Alarms {
    now_ns: u64,
    next_id: u64,
    /// By time, then in the order in which they were set.
    wakers: BTreeMap<(u64, u64), Option<Waker>>,
}

/// 2026-01-01, so that times look like times.
const EPOCH_MS: i64 = 1_767_225_600_000;

impl SimClock {
    /// Moves on; whoever's alarm this passes wakes up.
    pub fn advance(&self, duration: Duration) {
        let mut alarms = self.0.lock();
        let to = alarms.now_ns.saturating_add(u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX));
        let late = alarms.wakers.split_off(&(to.saturating_add(1), 0));
        let due = std::mem::replace(&mut alarms.wakers, late);
        alarms.now_ns = to;
        drop(alarms);
        due.into_values().flatten().for_each(Waker::wake);
    }

    /// To the next alarm, if there is one.
    pub(crate) fn advance_to_next_alarm(&self) -> bool {
        let next = {
            let alarms = self.0.lock();
            alarms.wakers.keys().next().map(|(at, _)| at.saturating_sub(alarms.now_ns))
        };
        next.map(|ns| self.advance(Duration::from_nanos(ns))).is_some()
    }
}

impl Clock for SimClock {
    fn now_ms(&self) -> i64 {
        EPOCH_MS + i64::try_from(self.0.lock().now_ns / 1_000_000).unwrap_or(i64::MAX / 2)
    }

    fn monotonic_ns(&self) -> u64 {
        self.0.lock().now_ns
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        let alarms = Arc::clone(&self.0);
        let key = {
            let mut alarms = alarms.lock();
            alarms.next_id += 1;
            (alarms.now_ns.saturating_add(u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)), alarms.next_id)
        };
        let alarm = Alarm { alarms, key };
        Box::pin(poll_fn(move |context| alarm.poll(context.waker())))
    }
}

/// One sleeper; dropped, its alarm is off.
struct Alarm {
    alarms: Arc<Mutex<Alarms>>,
    key: (u64, u64),
}

impl Alarm {
    fn poll(&self, waker: &Waker) -> Poll<()> {
        let mut alarms = self.alarms.lock();
        if self.key.0 <= alarms.now_ns {
            return Poll::Ready(());
        }
        alarms.wakers.insert(self.key, Some(waker.clone()));
        Poll::Pending
    }
}

impl Drop for Alarm {
    fn drop(&mut self) {
        self.alarms.lock().wakers.remove(&self.key);
    }
}
