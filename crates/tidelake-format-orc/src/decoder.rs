//! Decoding a part of a file, stripe by stripe.
//!
//! ```text
//! Next ──► Opening: footer, then streams ──► Rows: batches of the library, the wanted rows of each, converted ──► Next
//!   └────► Counting (no column is in the file): positions alone ─────────────────────────────────────────────────┘
//! ```
//!
//! Small stripes are fetched whole, of others the footer first and then what the columns need. All rows up to the last
//! wanted one are decoded: the library's skipping is as much work, and its batches say where they stand.

use std::{collections::VecDeque, mem, ops::Range, sync::Arc};

use arrow_array::{ArrayRef, RecordBatchOptions, UInt32Array, new_empty_array, new_null_array};
use arrow_schema::{Field, SchemaRef};
use arrow_select::take::take_record_batch;
use orc_rust::{
    array_decoder::NaiveStripeDecoder,
    compression::Compression,
    proto::{StripeFooter, StripeInformation, Type},
    reader::metadata::FileMetadata,
    stripe::{Stripe, StripeMetadata},
};
use prost::Message;
use tidelake_format::{Bytes, DecodeStep, Error, FormatDecoder, ReadRequest, RecordBatch, Result, RowGroup};

use crate::{
    convert::{Misfit, convert},
    fault::{corrupt, guard, of_misfit, of_reading},
    open_file::OrcFile,
    positions::{as_positions, take_from, wanted_of},
    schema::decoded_schema,
    statistics::may_have_rows,
    stripe::{Fetched, StripePlan, StripeReader, footer_range},
    tail::{Codec, plain_bytes},
    types::{child, pruned},
};

/// Stripes up to this size are fetched in one go.
const WHOLE_STRIPE_BYTES: u64 = 1 << 20;
/// The library allocates batches before it decodes them.
const BATCH_ROWS_MAX: usize = 1 << 16;

/// A reader of a part of a file.
pub(crate) struct OrcDecoder {
    path: String,
    projection: SchemaRef,
    batch_rows: usize,
    footer_bytes_max: u64,
    codec: Codec,
    compression: Option<Compression>,
    /// What the file's columns are, and those of the request; `None` if it has none of these.
    columns: Option<Columns>,
    /// Those still to come.
    stripes: VecDeque<Wanted>,
    fetched: Fetched,
    stage: Stage,
}

/// The columns to decode.
struct Columns {
    types: Vec<Type>,
    metadata: FileMetadata,
    decoded: SchemaRef,
}

/// A stripe and its wanted rows.
struct Wanted {
    stripe: StripeInformation,
    place: RowGroup,
    rows: Vec<Range<u64>>,
}

enum Stage {
    Next,
    Opening(Wanted),
    Rows {
        batches: NaiveStripeDecoder,
        wanted: Vec<Range<u64>>,
        position: u64,
        end: u64,
    },
    Counting {
        wanted: Vec<Range<u64>>,
        position: u64,
        end: u64,
    },
    /// Nothing is left, or there was an error.
    Done,
}

impl OrcDecoder {
    pub(crate) fn try_new(file: &OrcFile, request: ReadRequest) -> Result<Self> {
        let columns = columns_of(file, &request)?;
        check_types(&request.projection, columns.as_ref()).map_err(|misfit| of_misfit(&file.path, misfit))?;
        Ok(Self {
            path: file.path.clone(),
            batch_rows: request.batch_rows.clamp(1, BATCH_ROWS_MAX),
            footer_bytes_max: file.footer_bytes_max,
            codec: file.codec,
            compression: file.compression,
            columns,
            stripes: wanted_stripes(file, &request),
            fetched: Fetched::default(),
            stage: Stage::Next,
            projection: request.projection,
        })
    }

    fn advance(&mut self) -> Result<DecodeStep> {
        loop {
            // Whatever fails below leaves nothing to go on with.
            match mem::replace(&mut self.stage, Stage::Done) {
                Stage::Next => {
                    self.fetched.clear();
                    let Some(next) = self.stripes.pop_front() else { return Ok(DecodeStep::Done) };
                    if self.columns.is_none() {
                        let (position, end) = bounds(&next);
                        self.stage = Stage::Counting { wanted: next.rows, position, end };
                        continue;
                    }
                    let whole = next.place.bytes.clone();
                    let first =
                        if whole.end - whole.start <= WHOLE_STRIPE_BYTES { whole } else { footer_range(&next.stripe) };
                    self.stage = Stage::Opening(next);
                    if !first.is_empty() {
                        return Ok(DecodeStep::Need(vec![first]));
                    }
                }
                Stage::Opening(next) => {
                    let plan = self.plan(&next)?;
                    let missing = self.fetched.missing(&plan.ranges);
                    if !missing.is_empty() {
                        self.stage = Stage::Opening(next);
                        return Ok(DecodeStep::Need(missing));
                    }
                    self.stage = self.start(next, &plan)?;
                }
                Stage::Rows { mut batches, mut wanted, position, end } => {
                    if position >= end {
                        self.stage = Stage::Next;
                        continue;
                    }
                    let stored = match batches.next() {
                        Some(stored) => stored.map_err(|error| of_reading(&self.path, error))?,
                        None => return Err(corrupt(&self.path, "it has fewer rows than its footer says")),
                    };
                    let window = position..position + stored.num_rows() as u64;
                    let rows = take_from(&mut wanted, &window);
                    self.stage = Stage::Rows { batches, wanted, position: window.end, end };
                    if !rows.is_empty() {
                        return self.batch(Some(&stored), &window, &rows);
                    }
                }
                Stage::Counting { mut wanted, position, end } => {
                    if position >= end {
                        self.stage = Stage::Next;
                        continue;
                    }
                    let window = position..end.min(position + self.batch_rows as u64);
                    let rows = take_from(&mut wanted, &window);
                    // Far ahead may be the next wanted row.
                    let position = wanted.first().map_or(end, |range| range.start.max(window.end));
                    self.stage = Stage::Counting { wanted, position, end };
                    if !rows.is_empty() {
                        return self.batch(None, &window, &rows);
                    }
                }
                Stage::Done => return Ok(DecodeStep::Done),
            }
        }
    }

    /// Reads the stripe's footer, which was asked for.
    fn plan(&self, next: &Wanted) -> Result<StripePlan> {
        let Some(columns) = &self.columns else { return Err(corrupt(&self.path, "it has no columns")) };
        let broken = |reason: String| {
            corrupt(&self.path, format!("the footer of the stripe at {} is broken: {reason}", next.stripe.offset()))
        };
        let bytes = self.fetched.get(&footer_range(&next.stripe));
        let bytes = bytes.ok_or_else(|| broken("its bytes did not come".to_owned()))?;
        let plain = plain_bytes(bytes, self.compression, self.footer_bytes_max);
        let plain = plain.map_err(|error| broken(error.to_string()))?.ok_or_else(|| {
            let max = self.footer_bytes_max;
            Error::too_large(&self.path, "a stripe's footer", max.saturating_add(1), max)
        })?;
        let footer = StripeFooter::decode(&plain[..]).map_err(|error| broken(error.to_string()))?;
        let root = columns.metadata.root_data_type();
        StripePlan::new(footer, &next.stripe, root, &columns.types, self.codec).map_err(broken)
    }

    fn start(&self, next: Wanted, plan: &StripePlan) -> Result<Stage> {
        let Some(columns) = &self.columns else { return Err(corrupt(&self.path, "it has no columns")) };
        plan.check_lengths(&self.fetched, self.compression).map_err(|reason| {
            corrupt(&self.path, format!("the stripe at {} is broken: {reason}", next.stripe.offset()))
        })?;
        let mut reader = StripeReader { plan, fetched: &self.fetched };
        let root = columns.metadata.root_data_type();
        let batches = StripeMetadata::try_from(&next.stripe)
            .and_then(|place| Stripe::new(&mut reader, &columns.metadata, root, &place))
            .and_then(|stripe| NaiveStripeDecoder::new(stripe, Arc::clone(&columns.decoded), self.batch_rows))
            .map_err(|error| of_reading(&self.path, error))?;
        let end = bounds(&next).1;
        Ok(Stage::Rows { batches, position: next.place.first_row, wanted: next.rows, end })
    }

    /// The wanted rows of those that stand at `window`.
    fn batch(&self, stored: Option<&RecordBatch>, window: &Range<u64>, rows: &[Range<u64>]) -> Result<DecodeStep> {
        let count = rows.iter().map(|range| range.end - range.start).sum::<u64>() as usize;
        let stored = stored.map(|stored| match rows {
            [range] => Ok(stored.slice((range.start - window.start) as usize, count)),
            rows => {
                let indexes = rows.iter().flat_map(Clone::clone).map(|position| (position - window.start) as u32);
                take_record_batch(stored, &UInt32Array::from_iter_values(indexes))
            }
        });
        let stored = stored.transpose().map_err(|error| corrupt(&self.path, error))?;
        let rows_out = self.converted(stored.as_ref(), count).map_err(|misfit| of_misfit(&self.path, misfit))?;
        Ok(DecodeStep::Batch { rows: rows_out, positions: as_positions(rows) })
    }

    fn converted(&self, stored: Option<&RecordBatch>, rows: usize) -> Result<RecordBatch, Misfit> {
        let columns = self.projection.fields().iter().map(|field| {
            let column = self.columns.as_ref().zip(stored).and_then(|(columns, stored)| {
                Some((columns, child(&columns.types[0], field.name())?, stored.column_by_name(field.name())?))
            });
            match column {
                Some((columns, index, column)) => convert(&columns.types, index, column, field),
                None => Ok(new_null_array(field.data_type(), rows)),
            }
        });
        let columns = columns.collect::<Result<Vec<ArrayRef>, Misfit>>()?;
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        RecordBatch::try_new_with_options(Arc::clone(&self.projection), columns, &options)
            .map_err(|error| Misfit::new("*", format!("cannot be read: {error}")))
    }
}

impl FormatDecoder for OrcDecoder {
    fn step(&mut self) -> Result<DecodeStep> {
        let path = self.path.clone();
        guard(&path, || self.advance())
    }

    fn feed(&mut self, bytes: Vec<(Range<u64>, Bytes)>) -> Result<()> {
        self.fetched.add(bytes);
        Ok(())
    }
}

/// From the stripe's first row to behind its last wanted one.
fn bounds(next: &Wanted) -> (u64, u64) {
    let first = next.rows.first().map_or(next.place.first_row, |range| range.start);
    (first, next.rows.last().map_or(first, |range| range.end))
}

fn columns_of(file: &OrcFile, request: &ReadRequest) -> Result<Option<Columns>> {
    let Some(types) = pruned(&file.types, request.projection.fields()) else { return Ok(None) };
    let metadata =
        guard(&file.path, || file.codec.library_metadata(&types).map_err(|error| of_reading(&file.path, error)))?;
    Ok(Some(Columns { decoded: decoded_schema(&types), types, metadata }))
}

/// Says before any byte is fetched what cannot become what was asked for.
fn check_types(projection: &SchemaRef, columns: Option<&Columns>) -> Result<(), Misfit> {
    for wanted in projection.fields() {
        let stored = columns.and_then(|columns| {
            let index = child(&columns.types[0], wanted.name())?;
            Some((&columns.types, index, columns.decoded.field_with_name(wanted.name()).ok()?))
        });
        match stored {
            Some((types, index, decoded)) => {
                convert(types, index, &new_empty_array(decoded.data_type()), wanted)?;
            }
            None => check_missing(wanted)?,
        }
    }
    Ok(())
}

fn check_missing(wanted: &Field) -> Result<(), Misfit> {
    let reason = "is NOT NULL and not in the file";
    wanted.is_nullable().then_some(()).ok_or_else(|| Misfit::new(wanted.name(), reason))
}

fn wanted_stripes(file: &OrcFile, request: &ReadRequest) -> VecDeque<Wanted> {
    let end = request.row_groups.end.min(file.row_groups.len());
    let chosen = (request.row_groups.start..end).map(|index| {
        let place = file.row_groups[index].clone();
        let rows = wanted_of(&place, request.rows.as_ref());
        (index, Wanted { stripe: file.stripes[index].clone(), place, rows })
    });
    let may_match = |index| request.predicate.as_ref().is_none_or(|predicate| may_have_rows(file, index, predicate));
    chosen.filter(|(index, wanted)| !wanted.rows.is_empty() && may_match(*index)).map(|(_, wanted)| wanted).collect()
}
