//! Tidelake: clock, ids, CPU pool, tasks and the memory budget.
