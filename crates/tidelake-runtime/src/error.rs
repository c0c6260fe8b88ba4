//! What can go wrong with tasks and memory.

use snafu::{Location, Snafu};
use tidelake_error::{Classify, ErrorKind};

/// The result of this crate's calls.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What can go wrong with tasks and memory.
#[derive(Debug, Snafu)]
#[snafu(visibility(pub(crate)))]
#[non_exhaustive]
pub enum Error {
    /// There is no room now.
    #[snafu(display(
        "`{job}` asked for {bytes} bytes of memory, but {free_bytes} of the budget of {budget_bytes} are free; the largest spenders are {spenders}"
    ))]
    NoRoom {
        /// Who asked.
        job: String,
        /// For how much.
        bytes: u64,
        /// What is left for it.
        free_bytes: u64,
        /// The whole budget.
        budget_bytes: u64,
        /// The jobs that hold most, with what they hold.
        spenders: String,
        /// Where in the code.
        #[snafu(implicit)]
        location: Location,
    },
    /// There was no room up to the deadline.
    #[snafu(display(
        "`{job}` waited {waited_ms} ms for {bytes} bytes of the memory budget of {budget_bytes}; the largest spenders are {spenders}"
    ))]
    WaitedTooLong {
        /// Who asked.
        job: String,
        /// For how much.
        bytes: u64,
        /// How long.
        waited_ms: u64,
        /// The whole budget.
        budget_bytes: u64,
        /// The jobs that hold most, with what they hold.
        spenders: String,
        /// Where in the code.
        #[snafu(implicit)]
        location: Location,
    },
    /// There will never be room.
    #[snafu(display(
        "`{job}` needs {bytes} bytes of memory at once, more than the whole budget of {budget_bytes}; give it a larger one"
    ))]
    NeverFits {
        /// Who asked.
        job: String,
        /// What it would hold.
        bytes: u64,
        /// The whole budget.
        budget_bytes: u64,
        /// Where in the code.
        #[snafu(implicit)]
        location: Location,
    },
    /// Whoever holds more than its floor may not wait for others.
    #[snafu(display(
        "`{job}` holds {held_bytes} bytes of memory, more than its floor of {floor_bytes}, and so may not wait for more: it must flush or spill first"
    ))]
    HoldAndWait {
        /// Who asked.
        job: String,
        /// What it holds.
        held_bytes: u64,
        /// What it may hold while it waits.
        floor_bytes: u64,
        /// Where in the code.
        #[snafu(implicit)]
        location: Location,
    },
    /// A background task ended before its work was done.
    #[snafu(display("a background task panicked, or its runtime was shut down"))]
    TaskStopped {
        /// Where in the code.
        #[snafu(implicit)]
        location: Location,
    },
}

impl Classify for Error {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::NoRoom { .. } | Self::WaitedTooLong { .. } | Self::NeverFits { .. } | Self::HoldAndWait { .. } => {
                ErrorKind::ResourceExhausted
            }
            Self::TaskStopped { .. } => ErrorKind::Internal,
        }
    }

    fn is_ambiguous(&self) -> bool {
        false
    }
}
