//! Reading one data file.

use std::sync::Arc;

use arrow_array::{RecordBatch, RecordBatchOptions};
use arrow_schema::Schema;
use futures::{
    StreamExt, TryStreamExt,
    stream::{self, BoxStream},
};
use tidelake_expr::Predicate;
use tidelake_format::{FormatContext, OpenFile, ReadRequest};
use tidelake_io::FileRead;
use tidelake_meta::DataFileMeta;
use tidelake_types::{DataField, RowPositions};

use crate::{
    BucketPlace, Result, TableFiles,
    error::CorruptSnafu,
    evolution::{Evolution, StoredFile},
};

/// Larger footers are refused: nothing that a writer of ours or of Java's makes comes near.
const FOOTER_BYTES_MAX: u64 = 256 << 20;

/// What is wanted of a data file.
#[derive(Debug, Clone)]
pub struct FileReadRequest {
    /// The columns, in output order: fields of today's schema (nested ones perhaps pruned), and `_SEQUENCE_NUMBER`,
    /// `_VALUE_KIND` (system ids) of key-value files. `_KEY_` columns are never asked for: the value column is the same.
    pub fields: Vec<DataField>,
    /// Rows that fail it may be left out. Only give what is safe for this file (data spec 10).
    pub predicate: Option<Predicate>,
    /// Whether TIMESTAMP(7..9) comes in the wide form.
    pub wide_timestamps: bool,
    /// At most so many rows in a batch.
    pub batch_rows: usize,
}

/// Rows of a file in today's types, and where each stands in the file.
#[derive(Debug, Clone)]
pub struct FileBatch {
    /// The rows.
    pub rows: RecordBatch,
    /// Where each stands in the file.
    pub positions: RowPositions,
}

/// Batches in file order.
pub type FileStream = BoxStream<'static, Result<FileBatch>>;

/// Reads a data file of any schema: columns matched by field id through the file's own schema, renamed, cast, filled with
/// nulls where the file is older, partition columns filled from the place (data spec 1.7).
///
/// Nothing happens before the stream is polled; after an error it ends. Batches have the Arrow schema of the fields asked
/// for, also without any field: then they only count rows. A file that does not hold as many rows as its metadata says, or
/// is not as long, is `Corrupt`; so is a null in a NOT NULL column.
pub fn read_file(
    files: &TableFiles,
    place: &BucketPlace,
    file: &DataFileMeta,
    request: &FileReadRequest,
) -> FileStream {
    let (files, place, file, request) = (files.clone(), place.clone(), file.clone(), request.clone());
    stream::once(async move { open(&files, &place, &file, &request).await }).try_flatten().boxed()
}

async fn open(
    files: &TableFiles,
    place: &BucketPlace,
    file: &DataFileMeta,
    request: &FileReadRequest,
) -> Result<FileStream> {
    let schema = files.schemas.load(file.schema_id).await?;
    let partition_fields = files.schema.partition_fields();
    let partition_values = place.partition.values(&partition_fields)?;
    let partition: Vec<_> = partition_fields.into_iter().zip(partition_values).collect();

    let (read, open) = open_footer(files, place, file).await?;
    let path = read.path().to_string();
    let stored = StoredFile { path: &path, schema: &schema, stored: open.schema(), partition: &partition };
    let evolution = Arc::new(Evolution::plan(stored, &request.fields, request.wide_timestamps)?);
    let batch_rows = request.batch_rows.max(1);
    if evolution.projection().fields().is_empty() {
        return Ok(count_only(evolution, file.row_count as u64, batch_rows));
    }

    let predicate = request.predicate.as_ref().map(|predicate| stored.predicate(predicate));
    let predicate = predicate.filter(|predicate| *predicate != Predicate::True);
    let rows_wanted = predicate.is_none().then_some(file.row_count as u64);
    let row_groups = 0..open.row_groups().len();
    let projection = Arc::clone(evolution.projection());
    let request = ReadRequest { projection, row_groups, rows: None, predicate, batch_rows };

    let runtime = files.runtime.clone();
    let batches = tidelake_format::read(read, open, request, runtime.clone()).map_err(crate::Error::from);
    let batches = batches.and_then(move |batch| {
        let (evolution, runtime) = (Arc::clone(&evolution), runtime.clone());
        async move {
            let rows = if evolution.is_cheap() {
                evolution.apply(&batch.rows)?
            } else {
                let rows = batch.rows;
                runtime.compute(move || evolution.apply(&rows)).await?
            };
            Ok(FileBatch { rows, positions: batch.positions })
        }
    });
    Ok(match rows_wanted {
        Some(rows_wanted) => counted(batches.boxed(), path, rows_wanted),
        None => batches.boxed(),
    })
}

/// The footer, once it agrees with the metadata. It stands at the end that the metadata records: a file of another length
/// has none there.
async fn open_footer(
    files: &TableFiles,
    place: &BucketPlace,
    file: &DataFileMeta,
) -> Result<(Arc<dyn FileRead>, Arc<dyn OpenFile>)> {
    let path = files.layout.data_file(&place.path, file)?;
    let format = files.formats.of_file(&file.file_name)?;
    let read = files.io.open(&path, Some(file.file_size)).await?;
    let context = FormatContext { runtime: files.runtime.clone(), footer_bytes_max: FOOTER_BYTES_MAX };
    let open = format.open(Arc::clone(&read), &context).await?;
    let rows: u64 = open.row_groups().iter().map(|group| group.num_rows).sum();
    if i64::try_from(rows) != Ok(file.row_count) {
        let reason = format!("it has {rows} rows, its metadata says {}", file.row_count);
        return CorruptSnafu { path: path.to_string(), reason }.fail();
    }
    Ok((read, open))
}

/// Batches of a file of which no column has to be read.
fn count_only(evolution: Arc<Evolution>, rows: u64, batch_rows: usize) -> FileStream {
    let starts = (0..rows).step_by(batch_rows);
    stream::iter(starts.map(move |start| {
        let end = rows.min(start + batch_rows as u64);
        let options = RecordBatchOptions::new().with_row_count(Some((end - start) as usize));
        let empty = RecordBatch::try_new_with_options(Arc::new(Schema::empty()), Vec::new(), &options)?;
        Ok(FileBatch { rows: evolution.apply(&empty)?, positions: RowPositions::Range(start..end) })
    }))
    .boxed()
}

/// The same batches, and an error instead of the end if rows are missing.
fn counted(batches: FileStream, path: String, rows_wanted: u64) -> FileStream {
    stream::try_unfold((batches, 0), move |(mut batches, seen)| {
        let path = path.clone();
        async move {
            match batches.try_next().await? {
                Some(batch) => {
                    let seen = seen + batch.rows.num_rows() as u64;
                    Ok(Some((batch, (batches, seen))))
                }
                None if seen == rows_wanted => Ok(None),
                None => CorruptSnafu { path, reason: format!("{seen} of its {rows_wanted} rows could be read") }.fail(),
            }
        }
    })
    .boxed()
}
