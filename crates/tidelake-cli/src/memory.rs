//! How much memory this process may take, and how much it took.

use std::{fs::read_to_string, sync::OnceLock};

static BUDGET: OnceLock<u64> = OnceLock::new();

/// The least that is useful.
const LEAST_BYTES: u64 = 64 << 20;

/// What `--memory` says; before the first lake is opened.
pub(crate) fn set_budget(bytes: Option<u64>) {
    if let Some(bytes) = bytes {
        let _ = BUDGET.set(bytes);
    }
}

/// For rows in memory, in bytes: what was said, else a quarter of the machine's (or its container's), else 1 GiB.
pub(crate) fn budget_bytes() -> u64 {
    *BUDGET.get_or_init(|| machine_bytes().map_or(1 << 30, |bytes| (bytes / 4).max(LEAST_BYTES)))
}

fn machine_bytes() -> Option<u64> {
    let machine = read_to_string("/proc/meminfo").ok().and_then(|info| kib_of(&info, "MemTotal:")).map(|kib| kib << 10);
    let container = read_to_string("/sys/fs/cgroup/memory.max").ok().and_then(|limit| limit.trim().parse().ok());
    machine.into_iter().chain(container).min()
}

/// `, peak memory 81.0 MiB`: the most that this process ever held; nothing where the system does not say it.
pub(crate) fn peak_memory() -> String {
    let held = read_to_string("/proc/self/status").ok().and_then(|status| kib_of(&status, "VmHWM:"));
    held.map_or_else(String::new, |kib| format!(", peak memory {:.1} MiB", kib as f64 / 1024.0))
}

/// `VmHWM:     1234 kB`
fn kib_of(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_what_the_system_says_or_nothing() {
        assert_eq!(kib_of("VmPeak:\t   99 kB\nVmHWM:\t   12345 kB\n", "VmHWM:"), Some(12345));
        assert_eq!(kib_of("VmHWM:\tlots\n", "VmHWM:"), None);
        assert_eq!(kib_of("", "MemTotal:"), None);
    }
}
