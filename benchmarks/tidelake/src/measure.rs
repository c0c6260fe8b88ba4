//! CPU and wall clock of the part of a process that is the workload: rows are fetched while it is stopped.

/// User and system time of all threads, and wall time, while it runs.
pub(crate) struct Stopwatch {
    cpu_s: f64,
    wall_s: f64,
    since: Option<(f64, f64)>,
}

impl Stopwatch {
    pub(crate) fn started() -> Self {
        Self { cpu_s: 0.0, wall_s: 0.0, since: Some(now()) }
    }

    pub(crate) fn stopped() -> Self {
        Self { cpu_s: 0.0, wall_s: 0.0, since: None }
    }

    pub(crate) fn start(&mut self) {
        self.since = Some(now());
    }

    pub(crate) fn stop(&mut self) {
        if let Some((cpu, wall)) = self.since.take() {
            let (cpu_now, wall_now) = now();
            self.cpu_s += cpu_now - cpu;
            self.wall_s += wall_now - wall;
        }
    }

    /// Stops, and puts the figures into a line.
    pub(crate) fn line(mut self, mut line: serde_json::Map<String, serde_json::Value>) -> String {
        self.stop();
        line.insert("cpu_s".into(), self.cpu_s.into());
        line.insert("wall_s".into(), self.wall_s.into());
        serde_json::Value::Object(line).to_string()
    }
}

/// CPU seconds of this process, and seconds of a clock that only goes forward.
pub(crate) fn now() -> (f64, f64) {
    (seconds(libc::CLOCK_PROCESS_CPUTIME_ID), wall())
}

pub(crate) fn wall() -> f64 {
    seconds(libc::CLOCK_MONOTONIC)
}

fn seconds(clock: libc::clockid_t) -> f64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the call writes one `timespec` to where it is told, and nothing else.
    let failed = unsafe { libc::clock_gettime(clock, &mut time) };
    assert_eq!(failed, 0, "Linux has both clocks");
    time.tv_sec as f64 + time.tv_nsec as f64 * 1e-9
}
