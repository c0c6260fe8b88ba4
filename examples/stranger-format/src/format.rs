//! The format: what it can store, and opening files.

use std::sync::Arc;

use tidelake_format::{
    Bytes, Column, ColumnPath, ColumnStatistics, DataField, Error, FIELD_ID_KEY, FileFormat, FileRead, FileReadExt,
    FormatContext, FormatDecoder, FormatEncoder, OpenFile, ReadRequest, Result, RowGroup, Schema, SchemaRef,
    WriteRequest, arrow_array::new_empty_array, arrow_schema::Field, arrow_schema_wide, async_trait, field_from_arrow,
};

use crate::{
    decoder::RunsDecoder,
    encoder::RunsEncoder,
    footer::Footer,
    value::{Input, checksum},
};

pub(crate) const NAME: &str = "runs";
/// The first bytes of a file, and the last.
pub(crate) const MAGIC: &[u8; 5] = b"RUNS1";
/// Length and checksum of the footer, and the magic.
const TAIL_BYTES: u64 = 4 + 8 + MAGIC.len() as u64;

/// Files of runs. Holds nothing: one value serves everybody.
#[derive(Debug, Clone, Copy, Default)]
pub struct RunsFormat;

#[async_trait]
impl FileFormat for RunsFormat {
    fn name(&self) -> &str {
        NAME
    }

    fn check_schema(&self, schema: &Schema) -> Result<()> {
        columns(schema).map(drop)
    }

    async fn open(&self, file: Arc<dyn FileRead>, context: &FormatContext) -> Result<Arc<dyn OpenFile>> {
        let path = file.path().to_string();
        let size = file.size_bytes().await?;
        let Some(tail_start) = size.checked_sub(TAIL_BYTES) else {
            return Err(Error::corrupt(path, NAME, format!("{size} bytes are too few")));
        };
        let tail = file.read(tail_start..size).await?;
        let (length, sum) = parse_tail(&tail).map_err(|reason| Error::corrupt(&path, NAME, reason))?;
        if length > context.footer_bytes_max {
            return Err(Error::too_large(path, "the footer", length, context.footer_bytes_max));
        }
        let Some(start) = tail_start.checked_sub(length).filter(|start| *start >= MAGIC.len() as u64) else {
            return Err(Error::corrupt(path, NAME, format!("a footer of {length} bytes does not fit into {size}")));
        };
        let footer = file.read(start..tail_start).await?;
        // Parsing is computing, and does not belong on a thread that waits for storage.
        let parsed = context.runtime.compute(move || RunsFile::parse(path, &footer, sum, start)).await?;
        Ok(Arc::new(parsed))
    }

    fn encoder(&self, request: &WriteRequest) -> Result<Box<dyn FormatEncoder>> {
        Ok(Box::new(RunsEncoder::try_new(request)?))
    }
}

/// The columns as they are stored: their types are found from those of Arrow. `Unsupported` names the first that cannot be.
pub(crate) fn columns(schema: &Schema) -> Result<Vec<DataField>> {
    schema.fields().iter().map(|field| column(field)).collect()
}

fn column(field: &Field) -> Result<DataField> {
    let mut id = field.metadata().get(FIELD_ID_KEY).and_then(|id| id.parse().ok()).unwrap_or(-1);
    let found = field_from_arrow(field, &mut id).ok();
    // Whatever can be seen as a column of single values can be stored.
    let fits = |found: &DataField| Column::try_new(&new_empty_array(field.data_type()), &found.data_type).is_ok();
    found.filter(fits).ok_or_else(|| {
        let what =
            format!("store column `{}` of type {}: a run repeats a single value", field.name(), field.data_type());
        Error::unsupported(NAME, what)
    })
}

fn parse_tail(tail: &Bytes) -> Result<(u64, u64), String> {
    if !tail.ends_with(MAGIC) {
        return Err("it does not end in RUNS1".to_owned());
    }
    let mut input = Input::new(tail);
    Ok((u64::from(input.u32()?), input.u64()?))
}

/// A file whose footer is known.
#[derive(Debug)]
pub(crate) struct RunsFile {
    pub(crate) path: String,
    pub(crate) footer: Arc<Footer>,
    pub(crate) row_groups: Vec<RowGroup>,
    schema: SchemaRef,
    memory_bytes: u64,
}

impl RunsFile {
    fn parse(path: String, bytes: &[u8], sum: u64, chunks_end: u64) -> Result<Self> {
        let parsed = match checksum(bytes) == sum {
            true => Footer::parse(bytes, chunks_end).and_then(|footer| Ok((footer.row_groups()?, footer))),
            false => Err("the footer does not have its checksum".to_owned()),
        };
        let (row_groups, footer) = parsed.map_err(|reason| Error::corrupt(&path, NAME, reason))?;
        let schema = arrow_schema_wide(&footer.fields)?;
        // In memory it is about as long again.
        let memory_bytes = 2 * bytes.len() as u64 + size_of::<Self>() as u64;
        Ok(Self { path, footer: Arc::new(footer), row_groups, schema, memory_bytes })
    }

    /// Where a column stands.
    pub(crate) fn position(&self, name: &str) -> Option<usize> {
        self.footer.fields.iter().position(|field| field.name == name)
    }
}

impl OpenFile for RunsFile {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn row_groups(&self) -> &[RowGroup] {
        &self.row_groups
    }

    fn statistics(&self, row_group: usize, column: &ColumnPath) -> Option<ColumnStatistics> {
        let [name] = column else { return None };
        Some(self.footer.groups.get(row_group)?.chunks.get(self.position(name)?)?.statistics.clone())
    }

    fn memory_bytes(&self) -> u64 {
        self.memory_bytes
    }

    fn decoder(&self, request: ReadRequest) -> Result<Box<dyn FormatDecoder>> {
        Ok(Box::new(RunsDecoder::try_new(self, request)?))
    }
}
