//! The memory budget: one number, jobs with floors, and no hold-and-wait.
//!
//! ```text
//!  budget   |---------------------------------------------------|
//!  taken    | job a: max(floor, held) | job b | job c |   free   |
//! ```
//!
//! A job's *floor* is what it needs to finish alone. It is taken from the budget when the job starts, so growing up to
//! it never fails. Whoever holds more than its floor may not wait: it flushes or spills its own and tries again. So
//! those who wait hold only floors, the floors fit together, and somebody can always go on.
//!
//! Those who wait stand in one queue and are served in its order; what the queue asks for is not given to others, so a
//! large request is not starved by many small ones.

use std::{
    collections::{BTreeMap, VecDeque},
    fmt::{self, Debug},
    sync::Arc,
    time::Duration,
};

use futures::{
    channel::oneshot,
    future::{Either, select},
};
use parking_lot::Mutex;

use crate::{
    Clock,
    error::{HoldAndWaitSnafu, NeverFitsSnafu, NoRoomSnafu, Result, WaitedTooLongSnafu},
};

/// How long [`MemoryJob::reserve`] waits.
const RESERVE_DEADLINE: Duration = Duration::from_secs(120);
/// How often one who waits asks the reclaimers again.
const ASK_AGAIN: Duration = Duration::from_millis(500);
/// How many spenders an error names.
const SPENDERS_NAMED: usize = 3;

/// One number for the whole process. Shared by every table, query and job. Cheap to clone.
#[derive(Clone)]
pub struct MemoryBudget {
    ledger: Arc<Mutex<Ledger>>,
    clock: Arc<dyn Clock>,
}

/// A spender with a name and a floor. Cheap to clone; it ends with its last clone and its last [`Reservation`].
#[derive(Clone)]
pub struct MemoryJob(Arc<JobHandle>);

/// Memory that a job may use; given back when dropped.
#[must_use = "a dropped reservation is given back"]
pub struct Reservation {
    job: Arc<JobHandle>,
    bytes: u64,
}

/// "Flush me." Both calls return at once; the owner flushes between two batches. They may be made from any thread, and
/// must not call the budget back.
pub trait Reclaim: Send + Sync {
    /// How much could be given back.
    fn reclaimable_bytes(&self) -> u64;
    /// Others are short of this much.
    fn please_reclaim(&self, bytes: u64);
}

/// A registered [`Reclaim`]; no longer asked once this is dropped.
#[must_use = "a dropped registration is never asked"]
pub struct Registration {
    job: Arc<JobHandle>,
    id: u64,
}

/// A place in the queue. Dropped, with the future that waits, it is left; what was granted meanwhile is given back.
struct Place {
    budget: MemoryBudget,
    granted: oneshot::Receiver<Reservation>,
}

struct JobHandle {
    budget: MemoryBudget,
    id: u64,
}

impl MemoryBudget {
    /// A budget of `bytes`, with deadlines by `clock`.
    pub fn new(bytes: u64, clock: Arc<dyn Clock>) -> Self {
        Self { ledger: Arc::new(Mutex::new(Ledger { budget: bytes, ..Ledger::default() })), clock }
    }

    /// A spender with a name. `floor_bytes` are its own until it is dropped; refused now if they do not fit.
    pub fn job(&self, name: &str, floor_bytes: u64) -> Result<MemoryJob> {
        let mut ledger = self.ledger.lock();
        if floor_bytes > ledger.budget {
            return NeverFitsSnafu { job: name, bytes: floor_bytes, budget_bytes: ledger.budget }.fail();
        }
        if floor_bytes > ledger.free() {
            return Err(ledger.no_room(name, floor_bytes));
        }
        let id = ledger.admit(name, floor_bytes);
        drop(ledger);
        Ok(MemoryJob(Arc::new(JobHandle { budget: self.clone(), id })))
    }

    /// The whole budget, in bytes.
    pub fn budget_bytes(&self) -> u64 {
        self.ledger.lock().budget
    }

    /// What is taken: floors, and what jobs hold above them.
    pub fn used_bytes(&self) -> u64 {
        self.ledger.lock().taken
    }
}

impl MemoryJob {
    /// Never waits. The error names the budget, this job and the largest spenders (`ResourceExhausted`).
    pub fn try_reserve(&self, bytes: u64) -> Result<Reservation> {
        self.0.budget.ledger.lock().try_take(self.0.id, bytes)?;
        Ok(self.0.granted(bytes))
    }

    /// Waits for room, up to two minutes, and asks the reclaimers for it, largest first. An error at once if the job
    /// holds more than its floor, or if there can never be room.
    pub async fn reserve(&self, bytes: u64) -> Result<Reservation> {
        self.reserve_within(bytes, RESERVE_DEADLINE).await
    }

    /// As [`MemoryJob::reserve`], with a deadline of the caller's.
    pub async fn reserve_within(&self, bytes: u64, limit: Duration) -> Result<Reservation> {
        let budget = &self.0.budget;
        let began_ns = budget.clock.monotonic_ns();
        let mut place = {
            let mut ledger = budget.ledger.lock();
            ledger.may_wait(self.0.id, bytes)?;
            if ledger.try_take(self.0.id, bytes).is_ok() {
                return Ok(self.0.granted(bytes));
            }
            let (grant, granted) = oneshot::channel();
            ledger.queue.push_back(Waiter { job: Arc::clone(&self.0), bytes, grant });
            Place { budget: budget.clone(), granted }
        };
        loop {
            budget.ask_reclaimers();
            let waited = Duration::from_nanos(budget.clock.monotonic_ns().saturating_sub(began_ns));
            let Some(left) = limit.checked_sub(waited).filter(|left| !left.is_zero()) else {
                drop(place);
                let ledger = budget.ledger.lock();
                return WaitedTooLongSnafu {
                    job: ledger.name(self.0.id),
                    bytes,
                    waited_ms: u64::try_from(waited.as_millis()).unwrap_or(u64::MAX),
                    budget_bytes: ledger.budget,
                    spenders: ledger.spenders(),
                }
                .fail();
            };
            match select(&mut place.granted, budget.clock.sleep(left.min(ASK_AGAIN))).await {
                Either::Left((Ok(reservation), _)) => return Ok(reservation),
                // The queue holds our sender until it is served, and serves it with a reservation.
                Either::Left((Err(_), _)) | Either::Right(_) => {}
            }
        }
    }

    /// Takes memory that was allocated already and cannot be refused. What does not fit is *debt*: no `try_reserve`
    /// above a floor succeeds until it is repaid. For callers whose interface cannot fail; everybody else reserves first.
    pub fn reserve_in_debt(&self, bytes: u64) -> Reservation {
        self.0.budget.ledger.lock().take(self.0.id, bytes);
        self.0.granted(bytes)
    }

    /// Who can give memory back when others are short.
    pub fn register(&self, reclaimer: Arc<dyn Reclaim>) -> Registration {
        let mut ledger = self.0.budget.ledger.lock();
        let id = ledger.next_id();
        ledger.reclaimers.insert(id, reclaimer);
        drop(ledger);
        Registration { job: Arc::clone(&self.0), id }
    }

    /// What the job holds in reservations.
    pub fn held_bytes(&self) -> u64 {
        self.0.budget.ledger.lock().jobs.get(&self.0.id).map_or(0, |job| job.held)
    }
}

impl Reservation {
    /// How much.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Makes it larger, without waiting; it is as it was on error.
    pub fn try_grow(&mut self, bytes: u64) -> Result<()> {
        self.job.budget.ledger.lock().try_take(self.job.id, bytes)?;
        self.bytes += bytes;
        Ok(())
    }

    /// Gives `bytes` of it back, at most all.
    pub fn shrink(&mut self, bytes: u64) {
        let bytes = bytes.min(self.bytes);
        self.bytes -= bytes;
        self.job.give_back(bytes);
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.shrink(self.bytes);
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        let reclaimer = self.job.budget.ledger.lock().reclaimers.remove(&self.id);
        drop(reclaimer); // outside of the lock: it may own reservations
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.granted.close();
        drop(self.granted.try_recv());
        self.budget.serve();
    }
}

impl JobHandle {
    /// What the ledger has entered already.
    fn granted(self: &Arc<Self>, bytes: u64) -> Reservation {
        Reservation { job: Arc::clone(self), bytes }
    }

    fn give_back(&self, bytes: u64) {
        if bytes > 0 {
            self.budget.ledger.lock().give_back(self.id, bytes);
            self.budget.serve();
        }
    }
}

impl Drop for JobHandle {
    fn drop(&mut self) {
        self.budget.ledger.lock().leave(self.id);
        self.budget.serve();
    }
}

impl MemoryBudget {
    /// Grants what fits to those who wait, first come first served.
    fn serve(&self) {
        let mut ledger = self.ledger.lock();
        let (left, queue): (Vec<_>, _) = ledger.queue.drain(..).partition(|waiter| waiter.grant.is_canceled());
        ledger.queue = queue.into();
        let mut gone: Vec<_> = left.into_iter().map(|waiter| waiter.job).collect();
        while let Some(first) = ledger.queue.pop_front() {
            if ledger.extra(first.job.id, first.bytes) > ledger.free() {
                ledger.queue.push_front(first);
                break;
            }
            let Waiter { job, bytes, grant } = first;
            ledger.take(job.id, bytes);
            if let Err(mut refused) = grant.send(job.granted(bytes)) {
                // It went away just now. Undone by hand, since dropping the reservation would lock again.
                ledger.give_back(job.id, bytes);
                refused.bytes = 0;
                gone.push(Arc::clone(&refused.job));
                gone.push(job);
                drop(refused);
            } else {
                gone.push(job);
            }
        }
        drop(ledger);
        drop(gone); // perhaps the last handles of their jobs, which lock
    }

    /// Asks for what the queue is short of, the largest first.
    fn ask_reclaimers(&self) {
        let (mut short, reclaimers) = {
            let ledger = self.ledger.lock();
            (ledger.wanted().saturating_sub(ledger.free()), ledger.reclaimers.values().cloned().collect::<Vec<_>>())
        };
        let mut offers: Vec<_> =
            reclaimers.into_iter().map(|r| (r.reclaimable_bytes(), r)).filter(|(bytes, _)| *bytes > 0).collect();
        offers.sort_by_key(|(bytes, _)| std::cmp::Reverse(*bytes));
        for (bytes, reclaimer) in offers {
            if short == 0 {
                break;
            }
            reclaimer.please_reclaim(short.min(bytes));
            short = short.saturating_sub(bytes);
        }
    }
}

/// The books. No call out of here while locked.
#[derive(Default)]
struct Ledger {
    budget: u64,
    /// The sum of `max(floor, held)` over all jobs; above `budget` while somebody is in debt.
    taken: u64,
    jobs: BTreeMap<u64, Job>,
    reclaimers: BTreeMap<u64, Arc<dyn Reclaim>>,
    queue: VecDeque<Waiter>,
    ids: u64,
}

struct Job {
    name: String,
    floor: u64,
    held: u64,
}

struct Waiter {
    job: Arc<JobHandle>,
    bytes: u64,
    grant: oneshot::Sender<Reservation>,
}

impl Ledger {
    fn next_id(&mut self) -> u64 {
        self.ids += 1;
        self.ids
    }

    fn admit(&mut self, name: &str, floor: u64) -> u64 {
        let id = self.next_id();
        self.jobs.insert(id, Job { name: name.to_owned(), floor, held: 0 });
        self.taken += floor;
        id
    }

    fn leave(&mut self, id: u64) {
        if let Some(job) = self.jobs.remove(&id) {
            self.taken -= job.floor.max(job.held);
        }
    }

    fn free(&self) -> u64 {
        self.budget.saturating_sub(self.taken)
    }

    /// What the job would take from the budget with `bytes` more.
    fn extra(&self, id: u64, bytes: u64) -> u64 {
        self.jobs.get(&id).map_or(bytes, |job| job.held.saturating_add(bytes).max(job.floor) - job.held.max(job.floor))
    }

    /// What those who wait would take.
    fn wanted(&self) -> u64 {
        self.queue.iter().filter(|w| !w.grant.is_canceled()).map(|w| self.extra(w.job.id, w.bytes)).sum()
    }

    fn take(&mut self, id: u64, bytes: u64) {
        self.taken += self.extra(id, bytes);
        if let Some(job) = self.jobs.get_mut(&id) {
            job.held += bytes;
        }
    }

    fn give_back(&mut self, id: u64, bytes: u64) {
        if let Some(job) = self.jobs.get_mut(&id) {
            let before = job.held.max(job.floor);
            job.held -= bytes;
            self.taken -= before - job.held.max(job.floor);
        }
    }

    fn try_take(&mut self, id: u64, bytes: u64) -> Result<()> {
        let extra = self.extra(id, bytes);
        if extra > 0 && extra > self.free().saturating_sub(self.wanted()) {
            return Err(self.no_room(self.name(id), bytes));
        }
        self.take(id, bytes);
        Ok(())
    }

    fn may_wait(&self, id: u64, bytes: u64) -> Result<()> {
        let Some(job) = self.jobs.get(&id) else { return Ok(()) };
        if job.held > job.floor {
            return HoldAndWaitSnafu { job: &job.name, held_bytes: job.held, floor_bytes: job.floor }.fail();
        }
        let would_hold = job.held.saturating_add(bytes);
        if would_hold > self.budget {
            return NeverFitsSnafu { job: &job.name, bytes: would_hold, budget_bytes: self.budget }.fail();
        }
        Ok(())
    }

    fn name(&self, id: u64) -> &str {
        self.jobs.get(&id).map_or("", |job| &job.name)
    }

    fn no_room(&self, job: &str, bytes: u64) -> crate::Error {
        let free_bytes = self.free().saturating_sub(self.wanted());
        NoRoomSnafu { job, bytes, free_bytes, budget_bytes: self.budget, spenders: self.spenders() }.build()
    }

    /// `merge bucket 3 (1048576 bytes), ...`
    fn spenders(&self) -> String {
        let mut jobs: Vec<_> = self.jobs.values().map(|job| (job.held.max(job.floor), job.name.as_str())).collect();
        jobs.sort_by(|a, b| b.cmp(a));
        let named: Vec<_> =
            jobs.iter().take(SPENDERS_NAMED).map(|(bytes, name)| format!("`{name}` ({bytes} bytes)")).collect();
        if named.is_empty() { "nobody".to_owned() } else { named.join(", ") }
    }
}

impl Debug for MemoryBudget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ledger = self.ledger.lock();
        f.debug_struct("MemoryBudget")
            .field("budget", &ledger.budget)
            .field("taken", &ledger.taken)
            .finish_non_exhaustive()
    }
}

impl Debug for MemoryJob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("MemoryJob").field(&self.0.budget.ledger.lock().name(self.0.id)).finish()
    }
}

impl Debug for Reservation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reservation").field("bytes", &self.bytes).finish_non_exhaustive()
    }
}

impl Debug for Registration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registration").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use futures::{FutureExt as _, executor::block_on};
    use tidelake_error::{Classify as _, ErrorKind};

    use super::*;
    use crate::{Error, Runtime};

    const MS: Duration = Duration::from_millis(1);

    fn budget(bytes: u64) -> MemoryBudget {
        Runtime::tokio(1, bytes).memory().clone()
    }

    struct Offer {
        bytes: u64,
        asked: Mutex<u64>,
    }

    impl Reclaim for Offer {
        fn reclaimable_bytes(&self) -> u64 {
            self.bytes
        }
        fn please_reclaim(&self, bytes: u64) {
            *self.asked.lock() += bytes;
        }
    }

    #[test]
    fn a_floor_is_taken_at_the_start_and_growing_up_to_it_never_fails() {
        let budget = budget(100);
        let a = budget.job("a", 40).unwrap();
        let b = budget.job("b", 0).unwrap();
        let rest = b.try_reserve(60).unwrap();
        assert_eq!(budget.used_bytes(), 100);
        let within = a.try_reserve(40).unwrap();
        assert!(a.try_reserve(1).is_err());
        drop(rest);
        let above = a.try_reserve(60).unwrap();
        drop((within, above));
        assert_eq!(budget.used_bytes(), 40, "the floor stays");
        drop(a);
        assert_eq!(budget.used_bytes(), 0);
    }

    #[test]
    fn a_refusal_names_the_budget_the_job_and_the_largest_spenders() {
        let budget = budget(100);
        let hog = budget.job("hog", 0).unwrap();
        let _held = hog.try_reserve(90).unwrap();
        let error = budget.job("late", 5).unwrap().try_reserve(50).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ResourceExhausted);
        let text = error.to_string();
        assert!(
            text.contains("`late`") && text.contains("budget of 100") && text.contains("`hog` (90 bytes)"),
            "{text}"
        );
    }

    #[test]
    fn floors_that_do_not_fit_are_refused() {
        let budget = budget(100);
        let _a = budget.job("a", 60).unwrap();
        assert!(matches!(budget.job("b", 60), Err(Error::NoRoom { .. })));
        assert!(matches!(budget.job("c", 101), Err(Error::NeverFits { .. })));
    }

    #[test]
    fn whoever_holds_more_than_its_floor_may_not_wait() {
        let budget = budget(100);
        let a = budget.job("a", 10).unwrap();
        let _held = a.try_reserve(11).unwrap();
        assert!(matches!(block_on(a.reserve(1)), Err(Error::HoldAndWait { held_bytes: 11, floor_bytes: 10, .. })));
    }

    #[test]
    fn what_can_never_fit_fails_at_once() {
        let a = budget(100).job("a", 10).unwrap();
        assert!(matches!(block_on(a.reserve(101)), Err(Error::NeverFits { .. })));
    }

    #[test]
    fn waiting_ends_when_room_is_given_back_and_nobody_overtakes() {
        let budget = budget(100);
        let (a, b) = (budget.job("a", 0).unwrap(), budget.job("b", 0).unwrap());
        let held = a.try_reserve(90).unwrap();
        let mut waiting = std::pin::pin!(b.reserve(50));
        assert!(waiting.as_mut().now_or_never().is_none());
        assert!(a.try_reserve(5).is_err(), "the free 10 belong to the one who waits");
        drop(held);
        assert_eq!(block_on(waiting).unwrap().bytes(), 50);
        assert_eq!(budget.used_bytes(), 0);
    }

    #[test]
    fn waiting_ends_at_the_deadline_and_leaves_the_queue() {
        let budget = budget(100);
        let (a, b) = (budget.job("a", 0).unwrap(), budget.job("b", 0).unwrap());
        let held = a.try_reserve(90).unwrap();
        let error = block_on(b.reserve_within(50, 20 * MS)).unwrap_err();
        assert!(matches!(error, Error::WaitedTooLong { bytes: 50, .. }), "{error}");
        let _more = a.try_reserve(10).unwrap();
        drop(held);
    }

    #[test]
    fn a_dropped_wait_frees_the_queue_and_its_job() {
        let budget = budget(100);
        let (a, b) = (budget.job("a", 0).unwrap(), budget.job("b", 10).unwrap());
        let held = a.try_reserve(80).unwrap();
        {
            let mut waiting = Box::pin(b.reserve(60));
            assert!(waiting.as_mut().now_or_never().is_none());
        }
        let mut granted_but_never_polled = Box::pin(b.reserve(60));
        assert!(granted_but_never_polled.as_mut().now_or_never().is_none());
        drop(held);
        assert_eq!(budget.used_bytes(), 60);
        drop(granted_but_never_polled);
        assert_eq!(budget.used_bytes(), 10);
        drop(b);
        assert_eq!(budget.used_bytes(), 0);
    }

    #[test]
    fn reclaimers_are_asked_largest_first_and_only_for_what_is_short() {
        let budget = budget(100);
        let (a, b) = (budget.job("a", 0).unwrap(), budget.job("b", 0).unwrap());
        let _held = a.try_reserve(100).unwrap();
        let offers = [10, 40, 30].map(|bytes| Arc::new(Offer { bytes, asked: Mutex::new(0) }));
        let _registered: Vec<_> = offers.iter().map(|o| a.register(Arc::<Offer>::clone(o))).collect();
        let mut waiting = Box::pin(b.reserve(50));
        assert!(waiting.as_mut().now_or_never().is_none());
        assert_eq!(offers.each_ref().map(|o| *o.asked.lock()), [0, 40, 10]);
    }

    #[test]
    fn debt_blocks_every_later_reservation_until_it_is_repaid() {
        let budget = budget(100);
        let (sql, a) = (budget.job("sql", 0).unwrap(), budget.job("a", 0).unwrap());
        let debt = sql.reserve_in_debt(150);
        assert!(a.try_reserve(1).is_err());
        drop(debt);
        let _fits = a.try_reserve(100).unwrap();
    }

    #[test]
    fn many_jobs_that_wait_on_each_other_all_finish() {
        let runtime = Runtime::tokio(2, 1000);
        let done = Arc::new(Mutex::new(0));
        let tokio = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
        tokio.block_on(async {
            let tasks: Vec<_> = (0..20)
                .map(|i| {
                    let job = runtime.memory().job(&format!("job {i}"), 20).unwrap();
                    let done = Arc::clone(&done);
                    runtime.spawn(async move {
                        for round in 0..50 {
                            let floor = job.reserve(20).await.unwrap();
                            // Above the floor only what is there now, and never by waiting.
                            let more = job.try_reserve(100 + round);
                            tokio::task::yield_now().await;
                            drop((floor, more));
                            drop(job.reserve(400 + round).await.unwrap());
                        }
                        *done.lock() += 1;
                    })
                })
                .collect();
            for task in tasks {
                task.join().await.unwrap();
            }
        });
        assert_eq!(*done.lock(), 20);
        assert_eq!(runtime.memory().used_bytes(), 0);
    }
}
