//! The shell around a decoder: fetches, decodes on the CPU pool, hands out batches.
//!
//! ```text
//!              step()                 read_many()            feed()
//! decoder ───────────────► Need ───────────────────► bytes ─────────► decoder      file, one after another
//!          └──────────────► Batch ──► channel of AHEAD ──► the caller's stream
//! ```

use std::{ops::Range, sync::Arc};

use arrow_array::RecordBatch;
use bytes::Bytes;
use futures::{
    StreamExt, TryStreamExt,
    channel::mpsc,
    stream::{self, BoxStream},
};
use tidelake_io::FileRead;
use tidelake_runtime::Runtime;
use tidelake_types::RowPositions;

use crate::{DecodeStep, FormatDecoder, OpenFile, ReadRequest, Result, error::StoppedSnafu};

/// Batches waiting for the caller, beside the one that the sender holds.
const AHEAD: usize = 1;

/// Rows and where they stand in their file.
#[derive(Debug, Clone)]
pub struct DecodedBatch {
    /// The rows.
    pub rows: RecordBatch,
    /// Where each stands in the file.
    pub positions: RowPositions,
}

/// Batches of a part of a file, in file order, decoded ahead by a bounded number of batches (on an inline runtime, where
/// the caller computes, only when polled). Nothing happens before the stream is polled. After an error it ends. Dropping the stream stops it.
pub fn read(
    file: Arc<dyn FileRead>,
    open: Arc<dyn OpenFile>,
    request: ReadRequest,
    runtime: Runtime,
) -> BoxStream<'static, Result<DecodedBatch>> {
    let background = runtime.clone();
    let batches = stream::once(async move { open.decoder(request) })
        .map_ok(move |decoder| decode(Arc::clone(&file), decoder, runtime.clone()))
        .try_flatten()
        .boxed();
    if background.is_inline() { batches } else { ahead(batches, background) }
}

/// Runs a stream in a task of its own, a few items ahead of who reads it.
fn ahead(
    batches: BoxStream<'static, Result<DecodedBatch>>,
    runtime: Runtime,
) -> BoxStream<'static, Result<DecodedBatch>> {
    stream::once(async move {
        let (sender, receiver) = mpsc::channel(AHEAD);
        // The end is said aloud: a channel that merely closes is a task that died, and must not look like an end.
        let items = batches.map_ok(Some).chain(stream::iter([Ok(None)]));
        let task = runtime.spawn(async move {
            // It fails when nobody listens any more.
            let _ = items.map(Ok).forward(sender).await;
        });
        stream::unfold(Some((receiver, task)), |state| async move {
            let (mut receiver, task) = state?;
            match receiver.next().await {
                Some(Ok(Some(batch))) => Some((Ok(batch), Some((receiver, task)))),
                Some(Ok(None)) => None,
                Some(Err(error)) => Some((Err(error), None)),
                None => Some((StoppedSnafu { what: "a file reader" }.fail(), None)),
            }
        })
    })
    .flatten()
    .boxed()
}

/// Fetches what the decoder needs and hands out what it makes.
fn decode(
    file: Arc<dyn FileRead>,
    decoder: Box<dyn FormatDecoder>,
    runtime: Runtime,
) -> BoxStream<'static, Result<DecodedBatch>> {
    stream::try_unfold((decoder, Vec::new()), move |(mut decoder, mut fetched)| {
        let (file, runtime) = (Arc::clone(&file), runtime.clone());
        async move {
            loop {
                let (same, step) = runtime.compute(move || advance(decoder, fetched)).await;
                decoder = same;
                match step? {
                    DecodeStep::Need(ranges) => fetched = fetch(&*file, ranges).await?,
                    DecodeStep::Batch { rows, positions } => {
                        return Ok(Some((DecodedBatch { rows, positions }, (decoder, Vec::new()))));
                    }
                    DecodeStep::Done => return Ok(None),
                }
            }
        }
    })
    .boxed()
}

fn advance(
    mut decoder: Box<dyn FormatDecoder>,
    fetched: Vec<(Range<u64>, Bytes)>,
) -> (Box<dyn FormatDecoder>, Result<DecodeStep>) {
    let step = if fetched.is_empty() { Ok(()) } else { decoder.feed(fetched) }.and_then(|()| decoder.step());
    (decoder, step)
}

async fn fetch(file: &dyn FileRead, ranges: Vec<Range<u64>>) -> Result<Vec<(Range<u64>, Bytes)>> {
    let bytes = file.read_many(&ranges).await?;
    Ok(ranges.into_iter().zip(bytes).collect())
}
