//! Randomness from a seed.

use parking_lot::Mutex;
use tidelake_runtime::Ids;

/// The seed of this test run: `TIDELAKE_SEED` if it is set, else always the same.
///
/// # Panics
///
/// If `TIDELAKE_SEED` is not a number.
pub fn seed() -> u64 {
    match std::env::var("TIDELAKE_SEED") {
        Ok(text) => text.parse().unwrap_or_else(|_| panic!("TIDELAKE_SEED is `{text}`, expected a number")),
        Err(_) => 20_260_101,
    }
}

/// A small generator (SplitMix64): the same numbers for the same seed, everywhere.
#[derive(Debug, Clone)]
pub struct Random(u64);

impl Random {
    /// From a seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Any number.
    pub fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`, which is not 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.next_u64() % bound
    }

    /// `true` in so many of a thousand cases.
    pub fn per_mille(&mut self, per_mille: u32) -> bool {
        self.below(1000) < u64::from(per_mille)
    }
}

/// Ids from a seed.
#[derive(Debug)]
pub struct SeededIds(Mutex<Random>);

impl SeededIds {
    /// From a seed; another seed gives other ids.
    pub fn new(seed: u64) -> Self {
        Self(Mutex::new(Random::new(seed)))
    }
}

impl Ids for SeededIds {
    fn uuid(&self) -> String {
        let (high, low) = {
            let mut random = self.0.lock();
            (random.next_u64(), random.next_u64())
        };
        format!(
            "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
            high >> 32,
            (high >> 16) & 0xFFFF,
            high & 0xFFF,
            0x8000 | (low >> 48) & 0x3FFF,
            low & 0xFFFF_FFFF_FFFF
        )
    }

    fn random_u64(&self) -> u64 {
        self.0.lock().next_u64()
    }
}
