//! How long to wait before trying again.

use std::time::Duration;

/// Waits that double, each drawn at random from the shortest to the current bound, so that rivals part.
#[derive(Debug)]
pub(crate) struct Backoff {
    min: Duration,
    max: Duration,
    bound: Duration,
}

impl Backoff {
    pub(crate) fn new(min: Duration, max: Duration) -> Self {
        Self { min, max: max.max(min), bound: min }
    }

    /// The next wait. `random` is any number, all equally likely.
    pub(crate) fn next(&mut self, random: u64) -> Duration {
        self.bound = self.bound.saturating_mul(2).min(self.max);
        let span = u64::try_from(self.bound.saturating_sub(self.min).as_micros()).unwrap_or(u64::MAX - 1);
        self.min + Duration::from_micros(random % (span + 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_between_their_bounds() {
        let (min, max) = (Duration::from_millis(10), Duration::from_millis(100));
        let mut longest = Backoff::new(min, max);
        let waits: Vec<u128> = (0..6).map(|_| longest.next(u64::MAX / 3).as_millis()).collect();
        assert!(waits.iter().all(|wait| (10..=100).contains(wait)), "{waits:?}");
        let mut shortest = Backoff::new(min, max);
        assert!((0..6).all(|_| shortest.next(0) == min));
        assert_eq!(Backoff::new(max, min).next(7), max, "a maximum below the minimum is the minimum");
    }
}
