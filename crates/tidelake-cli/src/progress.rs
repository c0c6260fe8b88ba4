//! How far a long command is: a bar on a terminal, and one line at the end.

use std::{
    io::Read,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use indicatif::{ProgressBar, ProgressStyle};
use tidelake::runtime::Runtime;

use crate::memory::peak_memory;

/// What takes less is over before anybody looks.
const BAR_AFTER: Duration = Duration::from_millis(300);

/// Counts rows and bytes of one command.
pub(crate) struct Progress {
    runtime: Runtime,
    begun_ns: u64,
    what: String,
    /// What there is to do, where that is known.
    total_bytes: Option<u64>,
    bytes: Arc<AtomicU64>,
    rows: u64,
    bar: Option<ProgressBar>,
}

/// Counts what is read through it.
pub(crate) struct Counted<R> {
    inner: R,
    bytes: Arc<AtomicU64>,
}

impl Progress {
    pub(crate) fn new(runtime: &Runtime, what: impl Into<String>, total_bytes: Option<u64>) -> Self {
        let runtime = runtime.clone();
        let begun_ns = runtime.clock().monotonic_ns();
        Self { runtime, begun_ns, what: what.into(), total_bytes, bytes: Arc::default(), rows: 0, bar: None }
    }

    /// A count that other threads may raise: bytes that were taken in or given out.
    pub(crate) fn bytes(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.bytes)
    }

    pub(crate) fn rows(&self) -> u64 {
        self.rows
    }

    /// So many rows more.
    pub(crate) fn add_rows(&mut self, rows: usize) {
        self.rows += rows as u64;
        if self.bar.is_none() && self.elapsed() >= BAR_AFTER {
            self.bar = Some(self.new_bar());
        }
        if let Some(bar) = &self.bar {
            bar.set_position(self.bytes.load(Relaxed));
            bar.set_message(format!("{}: {} rows, {}", self.what, grouped(self.rows), self.per_second()));
        }
    }

    /// `12,000 rows in 0.5 s: 24,000 rows/s, 3.1 MB/s, peak memory 81.0 MiB`. The bar is gone.
    pub(crate) fn finish(self) -> String {
        let seconds = self.elapsed().as_secs_f64();
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
        format!("{} rows in {seconds:.2} s: {}{}", grouped(self.rows), self.per_second(), peak_memory())
    }

    fn elapsed(&self) -> Duration {
        Duration::from_nanos(self.runtime.clock().monotonic_ns().saturating_sub(self.begun_ns))
    }

    fn per_second(&self) -> String {
        let seconds = self.elapsed().as_secs_f64().max(1e-6);
        let megabytes = self.bytes.load(Relaxed) as f64 / 1e6 / seconds;
        format!("{} rows/s, {megabytes:.1} MB/s", grouped((self.rows as f64 / seconds) as u64))
    }

    /// On standard error, and only if that is a terminal.
    fn new_bar(&self) -> ProgressBar {
        let (bar, template) = match self.total_bytes {
            Some(bytes) => (ProgressBar::new(bytes), "{bar:30} {percent:>3}%  {msg}"),
            None => (ProgressBar::no_length(), "{spinner} {msg}"),
        };
        match ProgressStyle::with_template(template) {
            Ok(style) => bar.with_style(style),
            Err(_) => bar,
        }
    }
}

impl Drop for Progress {
    /// What is printed next (an error) does not stand behind a bar.
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

impl<R> Counted<R> {
    pub(crate) fn new(inner: R, bytes: Arc<AtomicU64>) -> Self {
        Self { inner, bytes }
    }
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.bytes.fetch_add(read as u64, Relaxed);
        Ok(read)
    }
}

/// `1234567` as `1,234,567`.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_by_thousands() {
        assert_eq!([0, 999, 1000, 1_234_567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
    }
}
