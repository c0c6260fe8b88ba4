//! The footer: what is where, and what is known of it.

use tidelake_format::{ColumnStatistics, DataField, RowGroup, parse_ddl_type};

use crate::value::{Broken, Input, put_bytes, put_value};

#[derive(Debug, Default)]
pub(crate) struct Footer {
    pub(crate) fields: Vec<DataField>,
    pub(crate) groups: Vec<Group>,
}

#[derive(Debug)]
pub(crate) struct Group {
    pub(crate) num_rows: u64,
    /// One for each column.
    pub(crate) chunks: Vec<Chunk>,
}

#[derive(Debug)]
pub(crate) struct Chunk {
    pub(crate) offset: u64,
    pub(crate) length: u64,
    pub(crate) checksum: u64,
    pub(crate) statistics: ColumnStatistics,
}

impl Footer {
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        out.extend((self.fields.len() as u32).to_le_bytes());
        for field in &self.fields {
            put_bytes(&mut out, field.name.as_bytes());
            put_bytes(&mut out, field.data_type.to_string().as_bytes());
            out.extend(field.id.to_le_bytes());
        }
        out.extend((self.groups.len() as u32).to_le_bytes());
        for group in &self.groups {
            out.extend(group.num_rows.to_le_bytes());
            for chunk in &group.chunks {
                let nulls = chunk.statistics.null_count.unwrap_or_default() as u64;
                for number in [chunk.offset, chunk.length, chunk.checksum, nulls] {
                    out.extend(number.to_le_bytes());
                }
                for bound in [&chunk.statistics.min, &chunk.statistics.max] {
                    put_value(&mut out, bound.as_ref().map(|bound| bound.as_ref()));
                }
            }
        }
        out
    }

    /// From the footer's bytes in a file whose chunks end at `chunks_end`.
    pub(crate) fn parse(bytes: &[u8], chunks_end: u64) -> Result<Self, Broken> {
        let mut input = Input::new(bytes);
        let mut footer = Self::default();
        for _ in 0..input.u32()? {
            let (name, data_type) = (input.text()?, input.text()?);
            let data_type = parse_ddl_type(data_type, &mut 0).map_err(|error| error.to_string())?;
            footer.fields.push(DataField::new(input.i32()?, name, data_type));
        }
        for _ in 0..input.u32()? {
            let num_rows = input.u64()?;
            let chunks = footer.fields.iter().map(|field| chunk(&mut input, field, chunks_end));
            let chunks = chunks.collect::<Result<_, Broken>>()?;
            footer.groups.push(Group { num_rows, chunks });
        }
        if input.is_at_end() { Ok(footer) } else { Err("the footer is longer than what it says".to_owned()) }
    }

    /// First row, number of rows and byte range of each group.
    pub(crate) fn row_groups(&self) -> Result<Vec<RowGroup>, Broken> {
        let mut first_row = 0_u64;
        let groups = self.groups.iter().map(|Group { num_rows, chunks }| {
            let start = chunks.first().map_or(0, |chunk| chunk.offset);
            let end = chunks.last().map_or(start, |chunk| chunk.offset + chunk.length);
            let group = RowGroup { first_row, num_rows: *num_rows, bytes: start..end };
            first_row =
                first_row.checked_add(*num_rows).filter(|rows| i64::try_from(*rows).is_ok()).ok_or("too many rows")?;
            Ok(group)
        });
        groups.collect()
    }
}

fn chunk(input: &mut Input<'_>, field: &DataField, chunks_end: u64) -> Result<Chunk, Broken> {
    let (offset, length, checksum, nulls) = (input.u64()?, input.u64()?, input.u64()?, input.u64()?);
    if offset.checked_add(length).is_none_or(|end| end > chunks_end) {
        return Err(format!("a chunk of column `{}` lies outside of the file", field.name));
    }
    let mut bound = || Ok::<_, Broken>(input.value(&field.data_type.kind)?.map(|bound| bound.to_scalar()));
    let statistics = ColumnStatistics { min: bound()?, max: bound()?, null_count: i64::try_from(nulls).ok() };
    Ok(Chunk { offset, length, checksum, statistics })
}
