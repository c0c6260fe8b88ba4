//! Reading the files of a split.

use std::{pin::Pin, task::Poll};

use arrow_array::RecordBatch;
use futures::{
    FutureExt, StreamExt,
    future::{self, BoxFuture, MaybeDone},
    stream::{self, BoxStream},
};
use tidelake_datafile::{BucketPlace, FileReadRequest, FileStream, Result, TableFiles, read_file};
use tidelake_meta::DataFileMeta;

/// Reads files one after another in the order given. While one is read, the next is opened and its first batch decoded.
/// The predicate of `request` only saves work: rows that fail it may still come. After an error the stream ends.
pub fn read_split(
    files: TableFiles,
    place: BucketPlace,
    data_files: Vec<DataFileMeta>,
    request: FileReadRequest,
) -> BoxStream<'static, Result<RecordBatch>> {
    let streams = data_files.into_iter().map(move |file| read_file(&files, &place, &file, &request));
    one_ahead(streams).map(|batch| Ok(batch?.rows)).boxed()
}

/// The items of all streams in order; the one after the current is begun early.
fn one_ahead(mut streams: impl Iterator<Item = FileStream> + Send + 'static) -> FileStream {
    let mut current: Option<FileStream> = None;
    let mut next = streams.next().map(begin);
    let mut failed = false;
    stream::poll_fn(move |context| {
        loop {
            if failed {
                return Poll::Ready(None);
            }
            let begun = next.as_mut().is_some_and(|next| next.as_mut().poll(context).is_ready());
            match &mut current {
                Some(stream) => match stream.poll_next_unpin(context) {
                    Poll::Ready(None) => current = None,
                    Poll::Ready(Some(item)) => {
                        failed = item.is_err();
                        return Poll::Ready(Some(item));
                    }
                    Poll::Pending => return Poll::Pending,
                },
                None if begun => {
                    current = next.take().and_then(|mut next| next.as_mut().take_output());
                    next = streams.next().map(begin);
                }
                None if next.is_some() => return Poll::Pending,
                None => return Poll::Ready(None),
            }
        }
    })
    .boxed()
}

/// Polls a stream to its first item; its output is the whole stream again.
fn begin(mut stream: FileStream) -> Pin<Box<MaybeDone<BoxFuture<'static, FileStream>>>> {
    let begun = async move {
        let first = stream.next().await;
        stream::iter(first).chain(stream).boxed()
    };
    Box::pin(future::maybe_done(begun.boxed()))
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    };

    use arrow_array::{Int32Array, RecordBatch};
    use futures::{FutureExt, TryStreamExt};
    use tidelake_datafile::{FileBatch, error::InternalSnafu};
    use tidelake_types::RowPositions;

    use super::*;

    fn batch(value: i32) -> FileBatch {
        let column: arrow_array::ArrayRef = Arc::new(Int32Array::from(vec![value]));
        let rows = RecordBatch::try_from_iter([("v", column)]).unwrap();
        FileBatch { rows, positions: RowPositions::Range(0..1) }
    }

    #[test]
    fn streams_follow_each_other_and_one_is_begun_early() {
        let begun = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&begun);
        let streams = (0..4).map(move |file| {
            let count = Arc::clone(&count);
            let items = stream::iter(0..2).map(move |item| {
                if item == 0 {
                    count.fetch_add(1, Ordering::Relaxed);
                }
                Ok(batch(10 * file + item))
            });
            items.boxed()
        });
        let mut all = one_ahead(streams);
        let first = all.next().now_or_never().unwrap().unwrap().unwrap();
        assert_eq!(first.rows, batch(0).rows);
        let _ = all.next().now_or_never().unwrap();
        assert_eq!(begun.load(Ordering::Relaxed), 2);
        let rest: Vec<_> = all.try_collect().now_or_never().unwrap().unwrap();
        let rest: Vec<_> = rest.into_iter().map(|batch| batch.rows).collect();
        assert_eq!(rest, [10, 11, 20, 21, 30, 31].map(|value| batch(value).rows));
    }

    #[test]
    fn the_stream_ends_after_an_error() {
        let failing = stream::iter([InternalSnafu { message: "no" }.fail()]).boxed();
        let fine = stream::iter([Ok(batch(1))]).boxed();
        let mut all = one_ahead([failing, fine].into_iter());
        assert!(all.next().now_or_never().unwrap().unwrap().is_err());
        assert!(all.next().now_or_never().unwrap().is_none());
    }
}
