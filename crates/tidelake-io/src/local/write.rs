//! A file being written.

use std::{
    fs::File,
    io::{self, IoSlice, Write as _},
    mem,
};

use async_trait::async_trait;
use bytes::Bytes;
use tidelake_error::ErrorKind;
use tidelake_runtime::Runtime;

use super::{
    local_error,
    place::{Placed, Temporary},
    read::status,
};
use crate::{Error, FileStatus, FileWrite, Result};

/// Chunks are collected up to this size before a thread is asked to write them: a small file is one call.
const BUFFER_BYTES: usize = 1 << 20;

pub(super) struct LocalWrite {
    runtime: Runtime,
    /// `None` after a call that failed or was cancelled: what was written by then is not known.
    state: Option<State>,
    buffered: Vec<Bytes>,
    buffered_bytes: usize,
}

struct State {
    temporary: Temporary,
    /// Opened by the first write.
    file: Option<File>,
}

impl LocalWrite {
    pub(super) fn new(runtime: Runtime, temporary: Temporary) -> Self {
        Self { runtime, state: Some(State { temporary, file: None }), buffered: Vec::new(), buffered_bytes: 0 }
    }

    /// The state and what is still to be written, for the thread that does it.
    fn take(&mut self) -> Result<(State, Vec<Bytes>)> {
        self.buffered_bytes = 0;
        let broken = || {
            Error::backend(ErrorKind::Cancelled, "write", "a file", "an earlier write of it failed or was cancelled")
        };
        Ok((self.state.take().ok_or_else(broken)?, mem::take(&mut self.buffered)))
    }
}

#[async_trait]
impl FileWrite for LocalWrite {
    async fn write(&mut self, chunk: Bytes) -> Result<()> {
        self.buffered_bytes += chunk.len();
        self.buffered.push(chunk);
        if self.buffered_bytes < BUFFER_BYTES {
            return Ok(());
        }
        let (mut state, chunks) = self.take()?;
        let state = self.runtime.block(move || state.write(&chunks).map(|()| state)).await?;
        self.state = Some(state);
        Ok(())
    }

    async fn finish(mut self: Box<Self>) -> Result<FileStatus> {
        let (mut state, chunks) = self.take()?;
        self.runtime.block(move || state.write(&chunks).and_then(|()| state.finish())).await
    }

    async fn abort(mut self: Box<Self>) -> Result<()> {
        if let Some(state) = self.state.take() {
            self.runtime.block(move || state.temporary.remove()).await;
        }
        Ok(())
    }
}

impl State {
    /// On failure the temporary file is gone.
    fn write(&mut self, chunks: &[Bytes]) -> Result<()> {
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(self.temporary.open()?),
        };
        write_all(file, chunks).map_err(|error| {
            self.temporary.remove();
            local_error("write", &self.temporary.path, error)
        })
    }

    fn finish(self) -> Result<FileStatus> {
        let Self { temporary, file } = self;
        let path = &temporary.path;
        let Some(file) = file else {
            return Err(Error::backend(ErrorKind::Internal, "create", path, "it was never opened"));
        };
        let metadata = file.metadata().map_err(|error| local_error("create", path, error))?;
        match temporary.place()? {
            Placed::Visible => Ok(status(path.clone(), &metadata)),
            Placed::Occupied => {
                Err(Error::backend(ErrorKind::AlreadyExists, "create", path, "there is such a file already"))
            }
        }
    }
}

/// All chunks with few system calls.
fn write_all(file: &mut File, chunks: &[Bytes]) -> io::Result<()> {
    let mut slices: Vec<_> = chunks.iter().filter(|chunk| !chunk.is_empty()).map(|chunk| IoSlice::new(chunk)).collect();
    let mut rest = slices.as_mut_slice();
    while !rest.is_empty() {
        match file.write_vectored(rest) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(written) => IoSlice::advance_slices(&mut rest, written),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
