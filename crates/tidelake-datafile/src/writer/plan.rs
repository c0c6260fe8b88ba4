//! What the files of a writer look like: columns, format, names, limits.

use std::sync::Arc;

use arrow_array::{Array, RecordBatch, RecordBatchOptions};
use arrow_schema::SchemaRef;
use tidelake_format::{FileFormat, StatisticsMode};
use tidelake_meta::{DataFileNames, FILE_FORMAT, FileSource, TableSchema};
use tidelake_types::{Bytes64, DataField, DataType, Options, arrow_schema_wide, cast_array_as, system_fields};

use super::FileContent;
use crate::{
    Result, StatsMode, TableFiles,
    error::InvalidRowsSnafu,
    options::{self, column_stats_mode},
};

/// What all files of one writer have in common.
pub(super) struct FilePlan {
    pub(super) format: Arc<dyn FileFormat>,
    pub(super) prefix: String,
    pub(super) extension: String,
    /// The table's options with the compression that applies.
    pub(super) options: Options,
    pub(super) level: i32,
    pub(super) source: FileSource,
    pub(super) target_bytes: u64,
    pub(super) target_rows: u64,
    /// Whether a key may stand in several rows.
    pub(super) keys_repeat: bool,
    /// The `_KEY_` columns; the first that a writer is given. None in append tables.
    pub(super) key_fields: Vec<DataField>,
    /// The table's columns; the last that a file has.
    pub(super) value_fields: Vec<DataField>,
    /// Where the statistics of the key columns stand among those of the file.
    pub(super) key_positions: Vec<usize>,
    /// One for each column of the file.
    pub(super) statistics: Vec<StatisticsMode>,
    /// Whether columns without statistics are left out of metas.
    pub(super) dense_stats: bool,
    /// The columns that a writer is given.
    given_fields: Vec<DataField>,
    given: SchemaRef,
    /// The columns of the file: those given from this one on.
    pub(super) stored: SchemaRef,
    first_stored: usize,
}

impl FilePlan {
    pub(super) fn try_new(files: &TableFiles, content: FileContent, source: FileSource) -> Result<Self> {
        let schema = &*files.schema;
        let settings = Settings::of(schema, content)?;
        let is_append = matches!(content, FileContent::Append { .. });
        let is_changelog = matches!(content, FileContent::Changelog { .. });
        let level = level_of(content);

        let given = if is_append { schema.fields.clone() } else { schema.key_value_fields(false) };
        let key_fields = if is_append { Vec::new() } else { given[..given.len() - schema.fields.len() - 2].to_vec() };
        let thin = !is_append && schema.options.get(&options::DATA_FILE_THIN_MODE)?;
        let first_stored = if thin { key_fields.len() } else { 0 };
        let stored = &given[first_stored..];
        let first_value = stored.len() - schema.fields.len();
        let key_positions = if thin { value_positions(schema, first_value) } else { (0..key_fields.len()).collect() };
        let statistics = statistics_modes(schema, settings.stats_mode, stored, &key_positions)?;

        let format = files.formats.get(&settings.format)?;
        let stored = arrow_schema_wide(stored)?;
        format.check_schema(&stored)?;
        let include_compression = schema.options.get(&options::FILE_SUFFIX_INCLUDE_COMPRESSION)?;
        let mut format_options = schema.options.clone();
        format_options.set(options::FILE_COMPRESSION.name(), settings.compression.clone());
        Ok(Self {
            extension: DataFileNames::extension(format.name(), &settings.compression, include_compression),
            format,
            prefix: settings.prefix,
            options: format_options,
            level,
            source: if is_changelog { FileSource::Append } else { source },
            target_bytes: target_bytes(schema)?,
            target_rows: if source == FileSource::Append && !is_changelog { target_rows(schema)? } else { u64::MAX },
            keys_repeat: is_changelog,
            key_fields,
            value_fields: schema.fields.clone(),
            key_positions,
            statistics,
            dense_stats: schema.options.get(&options::METADATA_STATS_DENSE_STORE)?,
            given: arrow_schema_wide(&given)?,
            given_fields: given,
            stored,
            first_stored,
        })
    }

    /// The rows in the types of this plan. `InvalidRows` if they are of other types, or null where they may not be.
    pub(super) fn fit(&self, batch: RecordBatch) -> Result<RecordBatch> {
        if batch.num_columns() != self.given.fields().len() {
            let message = format!("{} columns for a data file of {}", batch.num_columns(), self.given.fields().len());
            return InvalidRowsSnafu { message }.fail();
        }
        let columns = batch.columns().iter().zip(&self.given_fields).zip(self.given.fields());
        let columns = columns.map(|((column, field), form)| {
            let (name, data_type) = (&field.name, &field.data_type);
            let Ok(fit) = cast_array_as(column, data_type, data_type, form.data_type()) else {
                let message = format!("column `{name}` is {data_type}, the rows have {}", column.data_type());
                return InvalidRowsSnafu { message }.fail();
            };
            if !data_type.nullable && fit.null_count() > 0 {
                return InvalidRowsSnafu { message: format!("column `{name}` is NOT NULL and got a null") }.fail();
            }
            Ok(fit)
        });
        let columns = columns.collect::<Result<Vec<_>>>()?;
        let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        Ok(RecordBatch::try_new_with_options(Arc::clone(&self.given), columns, &options)?)
    }

    /// The columns of rows that go into the file.
    pub(super) fn stored_columns(&self, rows: &RecordBatch) -> Result<RecordBatch> {
        let columns = rows.columns()[self.first_stored..].to_vec();
        let options = RecordBatchOptions::new().with_row_count(Some(rows.num_rows()));
        Ok(RecordBatch::try_new_with_options(Arc::clone(&self.stored), columns, &options)?)
    }

    pub(super) fn key_types(&self) -> Vec<DataType> {
        self.key_fields.iter().map(|field| field.data_type.clone()).collect()
    }
}

/// What options say for one content.
struct Settings {
    format: String,
    compression: String,
    prefix: String,
    stats_mode: StatsMode,
}

impl Settings {
    fn of(schema: &TableSchema, content: FileContent) -> Result<Self> {
        let options = &schema.options;
        let level = level_of(content);
        let mut format = options.get(&FILE_FORMAT)?;
        let mut compression = options.get(&options::FILE_COMPRESSION)?;
        let mut stats_mode = options.get(&options::METADATA_STATS_MODE)?;
        let mut prefix = options.get(&options::DATA_FILE_PREFIX)?;
        if schema.has_primary_key() {
            format = options.get(&options::FILE_FORMAT_PER_LEVEL)?.of(level).cloned().unwrap_or(format);
            compression = options.get(&options::FILE_COMPRESSION_PER_LEVEL)?.of(level).cloned().unwrap_or(compression);
            stats_mode = options.get(&options::METADATA_STATS_MODE_PER_LEVEL)?.of(level).copied().unwrap_or(stats_mode);
        }
        if matches!(content, FileContent::Changelog { .. }) {
            format = options.get(&options::CHANGELOG_FILE_FORMAT)?.unwrap_or(format);
            compression = options.get(&options::CHANGELOG_FILE_COMPRESSION)?.unwrap_or(compression);
            stats_mode = options.get(&options::CHANGELOG_FILE_STATS_MODE)?.unwrap_or(stats_mode);
            prefix = options.get(&options::CHANGELOG_FILE_PREFIX)?;
        }
        Ok(Self { format: format.to_lowercase(), compression, prefix, stats_mode })
    }
}

fn level_of(content: FileContent) -> i32 {
    match content {
        FileContent::Append { .. } => 0,
        FileContent::KeyValue { level } | FileContent::Changelog { level } => level,
    }
}

/// Where the key columns stand among the values: thin files have them only there.
fn value_positions(schema: &TableSchema, first_value: usize) -> Vec<usize> {
    let keys = schema.trimmed_primary_key_fields();
    let position = |key: &DataField| schema.fields.iter().position(|field| field.id == key.id);
    keys.iter().filter_map(position).map(|position| first_value + position).collect()
}

/// What is recorded of each column of a file. Keys are always told well, since planning relies on them; the numbers and
/// kinds of rows are counted apart, and nested columns have no bounds.
fn statistics_modes(
    schema: &TableSchema,
    table_mode: StatsMode,
    stored: &[DataField],
    key_positions: &[usize],
) -> Result<Vec<StatisticsMode>> {
    const KEY_MODE: StatisticsMode = StatisticsMode::Truncate(128);
    let keep_first = schema.options.get(&options::METADATA_STATS_KEEP_FIRST_N_COLUMNS)?;
    let keep_first = usize::try_from(keep_first).unwrap_or(usize::MAX);
    let mut kept = 0;
    let modes = stored.iter().enumerate().map(|(position, field)| {
        let counted_apart = field.name == system_fields::SEQUENCE_NUMBER || field.name == system_fields::VALUE_KIND;
        if counted_apart || field.data_type.kind.is_nested() {
            return Ok(StatisticsMode::None);
        }
        if let Some(mode) = column_stats_mode(&schema.options, &field.name)? {
            return Ok(mode);
        }
        if key_positions.contains(&position) {
            return Ok(KEY_MODE);
        }
        kept += 1;
        Ok(if kept > keep_first { StatisticsMode::None } else { table_mode.0 })
    });
    modes.collect()
}

fn target_bytes(schema: &TableSchema) -> Result<u64> {
    let default = Bytes64::mebi(if schema.has_primary_key() { 128 } else { 256 });
    Ok(schema.options.get(&options::TARGET_FILE_SIZE)?.unwrap_or(default).0)
}

fn target_rows(schema: &TableSchema) -> Result<u64> {
    let rows = schema.options.get(&options::TARGET_FILE_ROW_NUM)?;
    match u64::try_from(rows) {
        Ok(rows) if rows > 0 => Ok(rows),
        _ => Err(options::invalid(options::TARGET_FILE_ROW_NUM.name(), rows, "a number from 1".to_owned())),
    }
}
