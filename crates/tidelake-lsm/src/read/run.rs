//! The files of a run, one after another, and many runs fetched side by side.

use std::{collections::VecDeque, pin::pin, sync::Arc};

use futures::{FutureExt, StreamExt, future::BoxFuture, select_biased, stream::FuturesUnordered};
use tidelake_datafile::{FileBatch, FileReadRequest, FileStream, read_file};
use tidelake_meta::DataFileMeta;

use super::Reading;
use crate::Result;

/// A batch and the file it is from.
#[derive(Debug)]
pub(super) struct RunBatch {
    pub(super) batch: FileBatch,
    pub(super) file: Arc<str>,
}

/// Files read one after another, each opened when the one before is at its end.
pub(super) struct RunFiles {
    reading: Arc<Reading>,
    request: Arc<FileReadRequest>,
    files: VecDeque<DataFileMeta>,
    open: Option<(FileStream, Arc<str>)>,
}

impl RunFiles {
    pub(super) fn new(reading: Arc<Reading>, request: Arc<FileReadRequest>, files: Vec<DataFileMeta>) -> Self {
        Self { reading, request, files: files.into(), open: None }
    }

    /// The next batch that has rows; `None` at the end.
    pub(super) async fn next(&mut self) -> Option<Result<RunBatch>> {
        loop {
            let (stream, file) = match &mut self.open {
                Some(open) => open,
                None => {
                    let file = self.files.pop_front()?;
                    let stream = read_file(&self.reading.files, &self.reading.place, &file, &self.request);
                    self.open.insert((stream, self.path(&file)))
                }
            };
            match stream.next().await {
                Some(Ok(batch)) if batch.rows.num_rows() == 0 => {}
                Some(Ok(batch)) => return Some(Ok(RunBatch { batch, file: Arc::clone(file) })),
                Some(Err(error)) => return Some(Err(error)),
                None => self.open = None,
            }
        }
    }

    /// For errors.
    fn path(&self, file: &DataFileMeta) -> Arc<str> {
        match self.reading.files.layout.data_file(&self.reading.place.path, file) {
            Ok(path) => path.to_string().into(),
            Err(_) => file.file_name.as_str().into(),
        }
    }
}

/// All runs of a section, each one batch ahead of what was taken from it.
pub(super) struct Feeds {
    fetching: FuturesUnordered<BoxFuture<'static, Fetched>>,
    /// What has been fetched of each run and not been taken.
    fetched: Vec<Option<Fetched>>,
}

struct Fetched {
    run: usize,
    files: RunFiles,
    batch: Option<Result<RunBatch>>,
}

impl Feeds {
    /// Begins to fetch from every run.
    pub(super) fn new(runs: Vec<RunFiles>) -> Self {
        let feeds = Self { fetched: runs.iter().map(|_| None).collect(), fetching: FuturesUnordered::new() };
        runs.into_iter().enumerate().for_each(|(run, files)| feeds.fetch(run, files));
        feeds
    }

    /// The next batch of a run, `None` at its end; asked no more after that. The batch behind it is on its way.
    pub(super) async fn next(&mut self, run: usize) -> Option<Result<RunBatch>> {
        loop {
            if let Some(fetched) = self.fetched[run].take() {
                if fetched.batch.is_some() {
                    self.fetch(run, fetched.files);
                }
                return fetched.batch;
            }
            let fetched = self.fetching.next().await?;
            let run = fetched.run;
            self.fetched[run] = Some(fetched);
        }
    }

    /// Awaits some work, fetching meanwhile.
    pub(super) async fn during<T>(&mut self, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work.fuse());
        loop {
            select_biased! {
                done = work => return done,
                fetched = self.fetching.select_next_some() => {
                    let run = fetched.run;
                    self.fetched[run] = Some(fetched);
                }
            }
        }
    }

    fn fetch(&self, run: usize, mut files: RunFiles) {
        self.fetching.push(
            async move {
                let batch = files.next().await;
                Fetched { run, files, batch }
            }
            .boxed(),
        );
    }
}
