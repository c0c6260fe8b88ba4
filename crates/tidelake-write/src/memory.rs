//! What a writer takes of the one memory budget.
//!
//! ```text
//!  rows in memory, frozen ones included │ as much again for each running flush: its encoders
//!  ─────────────────────────────────────┴───────────────────────────────────────────────────
//!  up to the floor it is the writer's own, above it has to be free in the budget
//! ```
//!
//! A writer that is short flushes its largest bucket; it never waits for memory with rows in hand.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU64, Ordering},
};

use indexmap::IndexMap;
use tidelake_runtime::{MemoryJob, Reclaim, Registration, Reservation, Runtime};

use crate::{error::Result, restore::BucketKey};

/// The largest floor: some batches and one encoder.
const FLOOR_BYTES_MAX: u64 = 4 << 20;

pub(crate) struct WriterMemory {
    job: MemoryJob,
    rows: Reservation,
    flushes: IndexMap<BucketKey, Flush>,
    asked: Arc<Asked>,
    _registration: Registration,
}

/// Rows that are being flushed.
struct Flush {
    bytes: u64,
    _encoders: Reservation,
}

/// What others may ask of this writer.
#[derive(Default)]
struct Asked {
    rows_bytes: AtomicU64,
    is_asked: AtomicBool,
}

impl Reclaim for Asked {
    fn reclaimable_bytes(&self) -> u64 {
        self.rows_bytes.load(Ordering::Relaxed)
    }

    fn please_reclaim(&self, _bytes: u64) {
        self.is_asked.store(true, Ordering::Relaxed);
    }
}

impl WriterMemory {
    /// `ResourceExhausted` if not even the floor is free.
    pub(crate) fn try_new(runtime: &Runtime, table: &str) -> Result<Self> {
        let budget = runtime.memory();
        let job = budget.job(&format!("writer of {table}"), FLOOR_BYTES_MAX.min(budget.budget_bytes() / 8))?;
        let asked = Arc::new(Asked::default());
        let registration = job.register(Arc::<Asked>::clone(&asked));
        let rows = job.try_reserve(0)?;
        Ok(Self { job, rows, flushes: IndexMap::new(), asked, _registration: registration })
    }

    /// Whether so many bytes of rows, and those that are being flushed, have room; nobody else asks for them either.
    pub(crate) fn holds(&mut self, rows_bytes: u64) -> bool {
        let wanted = rows_bytes + self.flushes.values().map(|flush| flush.bytes).sum::<u64>();
        let held = self.rows.bytes();
        self.asked.rows_bytes.store(rows_bytes, Ordering::Relaxed);
        let fits = if wanted <= held {
            self.rows.shrink(held - wanted);
            true
        } else {
            self.rows.try_grow(wanted - held).is_ok()
        };
        fits && (rows_bytes == 0 || !self.asked.is_asked.load(Ordering::Relaxed))
    }

    /// Takes room for the encoders of a flush; `false` if there is none. A writer's only flush has to go on all the same,
    /// since nothing else frees its memory.
    pub(crate) fn begin_flush(&mut self, key: &BucketKey, bytes: u64) -> bool {
        let encoders = match self.job.try_reserve(bytes) {
            Ok(encoders) => encoders,
            Err(_) if self.flushes.is_empty() => self.job.reserve_in_debt(bytes),
            Err(_) => return false,
        };
        self.asked.is_asked.store(false, Ordering::Relaxed);
        self.flushes.insert(key.clone(), Flush { bytes, _encoders: encoders });
        true
    }

    pub(crate) fn end_flush(&mut self, key: &BucketKey) {
        self.flushes.swap_remove(key);
    }
}
