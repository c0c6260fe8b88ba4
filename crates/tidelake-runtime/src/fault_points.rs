//! Fault points and planted bugs, for tests. Without the feature `fault-points` every question is answered `false`.

/// Which points fire.
#[derive(Debug, Default)]
pub(crate) struct FaultPoints {
    #[cfg(feature = "fault-points")]
    switched: parking_lot::Mutex<Switched>,
}

#[cfg(feature = "fault-points")]
#[derive(Debug, Default)]
struct Switched {
    /// Of a thousand passes of a point, how many fire.
    buggify_per_mille: u64,
    canaries: std::collections::BTreeSet<String>,
}

#[cfg(feature = "fault-points")]
impl FaultPoints {
    pub(crate) fn buggify(&self, random: impl FnOnce() -> u64) -> bool {
        let per_mille = self.switched.lock().buggify_per_mille;
        per_mille > 0 && random() % 1000 < per_mille
    }

    pub(crate) fn canary(&self, name: &str) -> bool {
        self.switched.lock().canaries.contains(name)
    }

    pub(crate) fn set_buggify(&self, per_mille: u64) {
        self.switched.lock().buggify_per_mille = per_mille;
    }

    pub(crate) fn set_canary(&self, name: &str, on: bool) {
        let canaries = &mut self.switched.lock().canaries;
        if on {
            canaries.insert(name.to_owned());
        } else {
            canaries.remove(name);
        }
    }
}

#[cfg(not(feature = "fault-points"))]
impl FaultPoints {
    pub(crate) fn buggify(&self, _random: impl FnOnce() -> u64) -> bool {
        false
    }

    pub(crate) fn canary(&self, _name: &str) -> bool {
        false
    }
}
