//! Tidelake, only for tests: simulated and faulty storage, schedulers, models, golden tables.
