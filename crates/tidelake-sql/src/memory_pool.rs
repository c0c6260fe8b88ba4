//! Queries spend from the one memory budget of the process.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use datafusion::{
    common::{DataFusionError, Result},
    execution::memory_pool::{MemoryLimit, MemoryPool, MemoryReservation},
};
use tidelake_runtime::{MemoryBudget, MemoryJob, Reservation};

/// DataFusion's operators as one spender of a budget. What does not fit is refused, and whoever can spill then does.
pub(crate) struct BudgetPool {
    budget: MemoryBudget,
    job: MemoryJob,
    held: Mutex<Held>,
}

#[derive(Default)]
struct Held {
    bytes: u64,
    /// The first grows; those after it were taken without asking.
    reservations: Vec<Reservation>,
}

impl BudgetPool {
    pub(crate) fn new(budget: &MemoryBudget) -> Arc<Self> {
        // Nothing is its own before it asks: a query that gets none says so.
        let job = budget.job("sql", 0).expect("a floor of nothing fits into every budget");
        Arc::new(Self { budget: budget.clone(), job, held: Mutex::default() })
    }
}

impl MemoryPool for BudgetPool {
    fn name(&self) -> &str {
        "tidelake"
    }

    fn grow(&self, _: &MemoryReservation, additional: usize) {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.bytes += additional as u64;
        held.reservations.push(self.job.reserve_in_debt(additional as u64));
    }

    fn shrink(&self, _: &MemoryReservation, shrink: usize) {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let mut left = shrink as u64;
        held.bytes = held.bytes.saturating_sub(left);
        while let Some(last) = held.reservations.last_mut() {
            let given = last.bytes().min(left);
            last.shrink(given);
            left -= given;
            if last.bytes() > 0 {
                break;
            }
            held.reservations.pop();
        }
    }

    fn try_grow(&self, reservation: &MemoryReservation, additional: usize) -> Result<()> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let bytes = additional as u64;
        let granted = match held.reservations.first_mut() {
            Some(first) => first.try_grow(bytes),
            None => self.job.try_reserve(bytes).map(|first| held.reservations.push(first)),
        };
        granted.map_err(|error| {
            DataFusionError::ResourcesExhausted(format!("{} of a query: {error}", reservation.consumer().name()))
        })?;
        held.bytes += bytes;
        Ok(())
    }

    fn reserved(&self) -> usize {
        self.held.lock().unwrap_or_else(PoisonError::into_inner).bytes as usize
    }

    fn memory_limit(&self) -> MemoryLimit {
        MemoryLimit::Finite(self.budget.budget_bytes() as usize)
    }
}

impl fmt::Debug for BudgetPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BudgetPool").field("reserved", &self.reserved()).finish_non_exhaustive()
    }
}

impl fmt::Display for BudgetPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "tidelake(used: {}, budget: {})", self.reserved(), self.budget.budget_bytes())
    }
}
