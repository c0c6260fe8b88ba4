//! The files of a run, one after another, and many runs fetched side by side.

use std::{
    collections::VecDeque,
    future::poll_fn,
    pin::{Pin, pin},
    sync::Arc,
    task::Poll,
};

use futures::{
    FutureExt, StreamExt,
    future::BoxFuture,
    select_biased,
    stream::{FuturesUnordered, Peekable},
};
use tidelake_datafile::{FileBatch, FileReadRequest, FileStream, read_file};
use tidelake_meta::DataFileMeta;

use super::Reading;
use crate::Result;

/// A batch and the file it is from.
#[derive(Debug)]
pub(super) struct RunBatch {
    pub(super) batch: FileBatch,
    pub(super) file: Arc<str>,
    pub(super) level: i32,
}

/// Files read one after another. While one is read, the next is opened and its first batch fetched.
pub(super) struct RunFiles {
    reading: Arc<Reading>,
    request: Arc<FileReadRequest>,
    files: VecDeque<DataFileMeta>,
    open: Option<OpenFile>,
    ahead: Option<OpenFile>,
}

struct OpenFile {
    /// For errors.
    path: Arc<str>,
    level: i32,
    batches: Peekable<FileStream>,
}

impl RunFiles {
    pub(super) fn new(reading: Arc<Reading>, request: Arc<FileReadRequest>, files: Vec<DataFileMeta>) -> Self {
        Self { reading, request, files: files.into(), open: None, ahead: None }
    }

    /// The next batch that has rows; `None` at the end.
    pub(super) async fn next(&mut self) -> Option<Result<RunBatch>> {
        loop {
            if self.open.is_none() {
                self.open = self.ahead.take().or_else(|| self.open_next());
            }
            if self.ahead.is_none() {
                self.ahead = self.open_next();
            }
            let (open, ahead) = (self.open.as_mut()?, self.ahead.as_mut());
            match next_of(open, ahead).await {
                Some(Ok(batch)) if batch.rows.num_rows() == 0 => {}
                Some(Ok(batch)) => {
                    return Some(Ok(RunBatch { batch, file: Arc::clone(&open.path), level: open.level }));
                }
                Some(Err(error)) => return Some(Err(error)),
                None => self.open = None,
            }
        }
    }

    fn open_next(&mut self) -> Option<OpenFile> {
        let file = self.files.pop_front()?;
        let Reading { files, place, .. } = &*self.reading;
        let path = match files.layout.data_file(&place.path, &file) {
            Ok(path) => path.to_string(),
            Err(_) => file.file_name.clone(),
        };
        let batches = read_file(files, place, &file, &self.request).peekable();
        Some(OpenFile { path: path.into(), level: file.level, batches })
    }
}

/// The next batch of a file; meanwhile the file ahead gets its first one.
async fn next_of(open: &mut OpenFile, mut ahead: Option<&mut OpenFile>) -> Option<Result<FileBatch>> {
    poll_fn(|context| {
        let batch = open.batches.poll_next_unpin(context);
        if let (Poll::Pending, Some(ahead)) = (&batch, &mut ahead) {
            let _ = Pin::new(&mut ahead.batches).poll_peek(context);
        }
        batch
    })
    .await
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
