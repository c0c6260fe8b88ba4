//! From a plan to rows: raw where no merge is needed, merged where it is, filtered exactly.

use std::sync::Arc;

use arrow_array::{Array, Int8Array, RecordBatch, RecordBatchOptions};
use arrow_schema::SchemaRef;
use arrow_select::filter::{filter, filter_record_batch};
use futures::{FutureExt, StreamExt, TryStreamExt, stream, stream::BoxStream};
use tidelake_datafile::{BucketPlace, FileReadRequest, TableFiles};
use tidelake_expr::{Predicate, evaluate};
use tidelake_lsm::MergeReadRequest;
use tidelake_meta::TableSchema;
use tidelake_scan::Split;
use tidelake_types::{DataField, RowKind, arrow_schema, arrow_schema_wide, system_fields, system_fields::ROW_KIND};

use crate::{ChangeBatch, Changes, Result, Table, TablePlan, system::row_kinds};

/// Batches of the columns that were asked for.
pub type BatchStream = BoxStream<'static, Result<RecordBatch>>;

/// At most so many rows in a batch.
const BATCH_ROWS: usize = 8192;

impl Table {
    /// The rows of a plan, split after split.
    pub fn read(&self, plan: &TablePlan) -> Result<BatchStream> {
        Ok(self.read_changes(plan)?.map_ok(|batch| batch.rows).boxed())
    }

    /// As [`Self::read`], with the kind of each row: `+I`, or what is stored where deletes are kept.
    pub fn read_changes(&self, plan: &TablePlan) -> Result<Changes> {
        let reader = SplitReader::new(plan)?;
        let splits = plan.plan.splits.clone();
        let changes = stream::iter(splits).flat_map(move |split| reader.read(split)).boxed();
        Ok(match plan.limit {
            Some(limit) => limited(changes, limit),
            None => changes,
        })
    }
}

impl TablePlan {
    /// The rows of one split; a limit is not applied.
    pub fn read_split(&self, split: &Split) -> Result<BatchStream> {
        Ok(SplitReader::new(self)?.read(split.clone()).map_ok(|batch| batch.rows).boxed())
    }
}

/// Reads the splits of one plan.
#[derive(Clone)]
pub(crate) struct SplitReader {
    files: TableFiles,
    schema: Arc<TableSchema>,
    /// What is read: the columns wanted, then those that only the filter wants.
    fields: Vec<DataField>,
    output: SchemaRef,
    predicate: Predicate,
    wide_timestamps: bool,
    keep_deletes: bool,
    /// Kinds become a column, at the place of its field in the output.
    audit_log: bool,
}

/// What is asked of a [`SplitReader`].
pub(crate) struct Asked {
    /// The columns that come out.
    pub(crate) columns: Vec<DataField>,
    pub(crate) predicate: Predicate,
    pub(crate) wide_timestamps: bool,
    pub(crate) keep_deletes: bool,
    pub(crate) audit_log: bool,
}

impl SplitReader {
    pub(crate) fn new(plan: &TablePlan) -> Result<Self> {
        let asked = Asked {
            columns: plan.columns.clone(),
            predicate: plan.predicate.clone(),
            wide_timestamps: plan.wide_timestamps,
            keep_deletes: plan.keep_deletes,
            audit_log: plan.audit_log,
        };
        Self::of(&plan.table, &plan.plan.schema, asked)
    }

    pub(crate) fn of(table: &Table, schema: &Arc<TableSchema>, asked: Asked) -> Result<Self> {
        let Asked { columns: mut fields, predicate, wide_timestamps, keep_deletes, audit_log } = asked;
        let output = if wide_timestamps { arrow_schema_wide(&fields)? } else { arrow_schema(&fields)? };
        fields.retain(|field| field.id != system_fields::ROW_KIND_ID);
        for field in predicate.fields() {
            if !fields.iter().any(|wanted| wanted.name == field.name) {
                fields.push(field.clone());
            }
        }
        let files = table.files(schema);
        Ok(Self {
            files,
            schema: Arc::clone(schema),
            fields,
            output,
            predicate,
            wide_timestamps,
            keep_deletes,
            audit_log,
        })
    }

    pub(crate) fn read(&self, split: Split) -> Changes {
        let reader = self.clone();
        self.stored(split)
            .map(move |batch| reader.finished(batch?))
            .try_filter(|batch| futures::future::ready(batch.rows.num_rows() > 0))
            .boxed()
    }

    /// Rows as they are stored or merged, before the exact filter.
    fn stored(&self, split: Split) -> Changes {
        let place = BucketPlace { partition: split.partition, bucket: split.bucket, path: split.bucket_path };
        let request = |predicate: Option<Predicate>| FileReadRequest {
            fields: self.fields.clone(),
            predicate,
            wide_timestamps: self.wide_timestamps,
            batch_rows: BATCH_ROWS,
        };
        let all = (self.predicate != Predicate::True).then(|| self.predicate.clone());
        if !self.schema.has_primary_key() {
            return tidelake_append::read_split(self.files.clone(), place, split.files, request(all))
                .map(|rows| {
                    let rows = rows?;
                    let kinds = inserts(rows.num_rows());
                    Ok(ChangeBatch { rows, kinds })
                })
                .boxed();
        }
        let keys = self.schema.trimmed_primary_key_fields();
        let on_keys = |part: &Predicate| part.fields().iter().all(|field| keys.iter().any(|key| key.id == field.id));
        let key_parts: Vec<_> = self.predicate.clone().conjuncts().into_iter().filter(on_keys).collect();
        let key_predicate = (!key_parts.is_empty()).then(|| Predicate::and(key_parts));
        let merge = MergeReadRequest {
            fields: self.fields.clone(),
            key_predicate,
            value_predicate: all,
            keep_deletes: self.keep_deletes || split.is_streaming,
            wide_timestamps: self.wide_timestamps,
            batch_rows: BATCH_ROWS,
        };
        // A file that does not say how many deletes it holds must go through the merge, which drops them.
        let counted = split.files.iter().all(|file| file.delete_row_count.is_some());
        let raw = !split.is_streaming && split.raw_convertible && counted;
        let as_inserts = raw && !self.keep_deletes;
        let batches = if split.is_streaming || raw {
            tidelake_lsm::read_unmerged(&self.files, &place, split.files, &merge)
        } else {
            tidelake_lsm::read_bucket(&self.files, &place, split.files, &merge)
        };
        batches
            .map(move |batch| {
                let batch = batch?;
                // Java's raw reader does not look at kinds: there is one row of a key, and it is there.
                let kinds = if as_inserts { inserts(batch.rows.num_rows()) } else { batch.kinds };
                Ok(ChangeBatch { rows: batch.rows, kinds })
            })
            .boxed()
    }

    /// The exact filter, then only the columns that were asked for.
    fn finished(&self, batch: ChangeBatch) -> Result<ChangeBatch> {
        let ChangeBatch { mut rows, mut kinds } = batch;
        if self.predicate != Predicate::True {
            let keep = evaluate(&self.predicate, &rows)?;
            if keep.true_count() < rows.num_rows() {
                rows = filter_record_batch(&rows, &keep)?;
                kinds = Int8Array::from(filter(&kinds, &keep)?.to_data());
            }
        }
        let options = RecordBatchOptions::new().with_row_count(Some(rows.num_rows()));
        let kind_at = self.output.fields().iter().position(|field| self.audit_log && field.name() == ROW_KIND);
        let mut columns = rows.columns()[..self.output.fields().len() - usize::from(kind_at.is_some())].to_vec();
        if let Some(at) = kind_at {
            columns.insert(at, Arc::new(row_kinds(&kinds)));
        }
        if self.audit_log {
            kinds = inserts(rows.num_rows());
        }
        Ok(ChangeBatch { rows: RecordBatch::try_new_with_options(Arc::clone(&self.output), columns, &options)?, kinds })
    }
}

fn inserts(rows: usize) -> Int8Array {
    Int8Array::from_value(RowKind::Insert.as_byte(), rows)
}

/// The first rows of a stream; nothing is read once there are enough.
fn limited(changes: Changes, limit: u64) -> Changes {
    stream::try_unfold((changes, limit), |(mut changes, left)| {
        async move {
            if left == 0 {
                return Ok(None);
            }
            let Some(batch) = changes.try_next().await? else { return Ok(None) };
            let take = (batch.rows.num_rows() as u64).min(left);
            let rows = batch.rows.slice(0, take as usize);
            let kinds = batch.kinds.slice(0, take as usize);
            Ok(Some((ChangeBatch { rows, kinds }, (changes, left - take))))
        }
        .boxed()
    })
    .boxed()
}
