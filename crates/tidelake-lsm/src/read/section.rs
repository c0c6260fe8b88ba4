//! A section as a stream of rows.

use std::{collections::VecDeque, sync::Arc};

use futures::{
    StreamExt,
    stream::{self, BoxStream},
};
use tidelake_datafile::FileReadRequest;
use tidelake_expr::Predicate;
use tidelake_meta::DataFileMeta;
use tidelake_types::DataField;

use super::{
    MergedBatch, Piece, Reading,
    columns::{ReadColumns, with_kind},
    merger::{MergeStep, Merger, keep, kinds_of, project},
    run::{Feeds, RunFiles},
};
use crate::{Decider, Keep, Result, WindowLimits};

/// Files one after another, untouched but for rows that take away.
pub(super) fn pass_through(reading: Arc<Reading>, files: Vec<DataFileMeta>) -> BoxStream<'static, Result<MergedBatch>> {
    let wanted = reading.request.fields.len();
    let (fields, kind) = with_kind(&reading.request.fields);
    let predicates = [reading.request.key_predicate.clone(), reading.request.value_predicate.clone()];
    let request = file_request(&reading, fields, Predicate::and(predicates.into_iter().flatten()));
    let kept = if reading.request.keep_deletes { Keep::All } else { Keep::Adds };
    let run = RunFiles::new(Arc::clone(&reading), request, files);
    stream::try_unfold(run, move |mut run| {
        let runtime = reading.files.runtime.clone();
        async move {
            while let Some(next) = run.next().await {
                let next = next?;
                let batch = runtime
                    .compute(move || {
                        let kinds = kinds_of(&next.batch.rows, kind, &next.file)?;
                        keep(project(&next.batch.rows, wanted)?, kinds, kept)
                    })
                    .await?;
                if let Some(batch) = batch {
                    return Ok(Some((batch, run)));
                }
            }
            Ok(None)
        }
    })
    .boxed()
}

/// Several runs, from old to new, merged. Only key predicates may reach the files: a row that fails another one may still
/// hide an older row that passes it.
pub(super) fn merge(
    reading: Arc<Reading>,
    runs: Vec<Vec<DataFileMeta>>,
    decider: Arc<dyn Decider>,
    columns: ReadColumns,
) -> BoxStream<'static, Result<Piece>> {
    let predicate = reading.request.key_predicate.clone().unwrap_or(Predicate::True);
    let request = file_request(&reading, columns.fields.clone(), predicate);
    let merger = Merger::new(runs.len(), decider, columns, reading.request.keep_deletes, WindowLimits::default());
    let runs = runs.into_iter().map(|files| RunFiles::new(Arc::clone(&reading), Arc::clone(&request), files)).collect();
    let section = Section { reading, feeds: Feeds::new(runs), merger: Some(merger), ready: VecDeque::new() };
    stream::try_unfold(section, |mut section| async move { Ok(section.next().await?.map(|piece| (piece, section))) })
        .boxed()
}

fn file_request(reading: &Reading, fields: Vec<DataField>, predicate: Predicate) -> Arc<FileReadRequest> {
    Arc::new(FileReadRequest {
        fields,
        predicate: (predicate != Predicate::True).then_some(predicate),
        wide_timestamps: reading.request.wide_timestamps,
        batch_rows: reading.request.batch_rows.max(1),
    })
}

/// A merge under way.
struct Section {
    reading: Arc<Reading>,
    feeds: Feeds,
    /// `None` at the end.
    merger: Option<Merger>,
    ready: VecDeque<Piece>,
}

impl Section {
    async fn next(&mut self) -> Result<Option<Piece>> {
        let mut need: Option<usize> = None;
        loop {
            if let Some(piece) = self.ready.pop_front() {
                return Ok(Some(piece));
            }
            let Some(mut merger) = self.merger.take() else { return Ok(None) };
            let fed = match need.take() {
                Some(run) => Some((run, self.feeds.next(run).await.transpose()?)),
                None => None,
            };
            let work = self.reading.files.runtime.compute(move || {
                let fed = fed.map_or(Ok(()), |(run, batch)| merger.feed(run, batch));
                let step = fed.and_then(|()| merger.step());
                (merger, step)
            });
            let (merger, step) = self.feeds.during(work).await;
            match step? {
                MergeStep::Need(run) => {
                    need = Some(run);
                    self.merger = Some(merger);
                }
                MergeStep::Ready(pieces) => {
                    self.ready.extend(pieces);
                    self.merger = Some(merger);
                }
                MergeStep::Done => {}
            }
        }
    }
}
