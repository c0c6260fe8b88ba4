//! Where work runs, and where time, ids and memory come from.
//!
//! Start with [`Runtime`]: it is handed down through the whole engine, so that nothing below asks the operating system
//! for time, randomness or threads. Production makes it with [`Runtime::tokio`]; a simulation brings its own
//! [`Clock`], [`Ids`] and [`Spawn`] with [`Runtime::from_parts`]. [`MemoryBudget`] is the one number that bounds what a
//! process holds in memory.
//!
//! ```
//! # futures::executor::block_on(async {
//! let runtime = tidelake_runtime::Runtime::tokio(2, 64 << 20);
//! let sum = runtime.compute(|| (1..=10).sum::<u64>()).await;
//! assert_eq!(sum, 55);
//!
//! let job = runtime.memory().job("merge bucket 3", 1 << 20)?;
//! let batch = job.try_reserve(4 << 20)?; // given back when dropped
//! assert_eq!(runtime.memory().used_bytes(), batch.bytes());
//! # Ok::<(), tidelake_runtime::Error>(())
//! # }).unwrap();
//! ```

mod clock;
mod error;
mod fault_points;
mod ids;
mod memory;
mod pool;
mod runtime;
mod task;

pub use clock::Clock;
pub use error::{Error, Result};
pub use ids::Ids;
pub use memory::{MemoryBudget, MemoryJob, Reclaim, Registration, Reservation};
pub use runtime::{Runtime, RuntimeParts};
pub use task::{Spawn, Task};

// What the traits mention, so that an implementor needs this crate alone.
pub use futures::future::BoxFuture;
pub use tidelake_error::{Classify, ErrorKind};
