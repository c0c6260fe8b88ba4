//! What travels through the engine.

use tidelake_runtime::Runtime;

/// What a piece of the engine works with: threads, time, ids and memory. Cheap to clone.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Resources {
    /// Threads, time, ids and memory.
    pub runtime: Runtime,
}

impl Resources {
    /// With nothing but a runtime.
    pub fn new(runtime: Runtime) -> Self {
        Self { runtime }
    }
}
