//! Tidelake: one data file as Paimon means it; the bucket contract.
