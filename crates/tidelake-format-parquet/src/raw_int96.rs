//! INT96 as its twelve bytes.
//!
//! The library turns INT96 into 64-bit nanoseconds and wraps around beyond the years 1677 to 2262. A fixed-length binary
//! of twelve bytes has the same encodings (plain, dictionary) and the same bytes, and comes out as it is; `convert` makes
//! any form of it. So the schema of such a file is rewritten after its footer is parsed. The library writes no INT96 at all; there
//! the same is done the other way round: columns are encoded as twelve bytes and declared INT96 in the footer.

use std::sync::Arc;

use parquet::{
    basic::Type as PhysicalType,
    errors::ParquetError,
    file::{
        metadata::{ColumnChunkMetaData, FileMetaData, ParquetMetaData, RowGroupMetaData},
        statistics::Statistics,
    },
    schema::types::{ColumnDescPtr, SchemaDescPtr, SchemaDescriptor, Type, TypePtr},
};

/// The metadata with every INT96 column declared as 12 bytes.
pub(crate) fn with_raw_int96(metadata: ParquetMetaData) -> Result<ParquetMetaData, ParquetError> {
    let file = metadata.file_metadata();
    if !file.schema_descr().columns().iter().any(is_int96) {
        return Ok(metadata);
    }
    let schema = Arc::new(SchemaDescriptor::new(raw_type(&file.schema_descr().root_schema_ptr())));
    let row_groups = metadata.row_groups().iter().map(|group| raw_group(group, &schema)).collect::<Result<_, _>>()?;
    let file = FileMetaData::new(
        file.version(),
        file.num_rows(),
        file.created_by().map(str::to_owned),
        file.key_value_metadata().cloned(),
        Arc::clone(&schema),
        file.column_orders().cloned(),
    );
    Ok(ParquetMetaData::new(file, row_groups))
}

/// A type with every INT96 in it declared as 12 bytes.
pub(crate) fn raw_type(stored: &TypePtr) -> TypePtr {
    match &**stored {
        Type::GroupType { basic_info, fields } => {
            Arc::new(Type::GroupType { basic_info: basic_info.clone(), fields: fields.iter().map(raw_type).collect() })
        }
        Type::PrimitiveType { basic_info, physical_type: PhysicalType::INT96, scale, precision, .. } => {
            Arc::new(Type::PrimitiveType {
                basic_info: basic_info.clone(),
                physical_type: PhysicalType::FIXED_LEN_BYTE_ARRAY,
                type_length: 12,
                scale: *scale,
                precision: *precision,
            })
        }
        Type::PrimitiveType { .. } => Arc::clone(stored),
    }
}

/// Whether a column is declared INT96.
pub(crate) fn is_int96(column: &ColumnDescPtr) -> bool {
    column.physical_type() == PhysicalType::INT96
}

fn raw_group(group: &RowGroupMetaData, schema: &SchemaDescPtr) -> Result<RowGroupMetaData, ParquetError> {
    let columns = group.columns().iter().zip(schema.columns()).map(|(column, descr)| raw_chunk(column, descr));
    RowGroupMetaData::builder(Arc::clone(schema))
        .set_num_rows(group.num_rows())
        .set_total_byte_size(group.total_byte_size())
        .set_column_metadata(columns.collect::<Result<_, _>>()?)
        .build()
}

fn raw_chunk(column: &ColumnChunkMetaData, descr: &ColumnDescPtr) -> Result<ColumnChunkMetaData, ParquetError> {
    // INT96 has no order, so no bounds of it mean anything.
    let statistics = column.statistics().filter(|_| column.column_type() != PhysicalType::INT96).cloned();
    redeclared(column, descr, statistics)
}

/// The metadata of a chunk of twelve bytes a value, declared INT96.
pub(crate) fn int96_chunk(
    column: &ColumnChunkMetaData,
    descr: &ColumnDescPtr,
) -> Result<ColumnChunkMetaData, ParquetError> {
    let nulls = column.statistics().and_then(Statistics::null_count_opt);
    redeclared(column, descr, Some(Statistics::int96(None, None, None, nulls, false)))
}

fn redeclared(
    column: &ColumnChunkMetaData,
    descr: &ColumnDescPtr,
    statistics: Option<Statistics>,
) -> Result<ColumnChunkMetaData, ParquetError> {
    let builder = ColumnChunkMetaData::builder(Arc::clone(descr))
        .set_encodings_mask(*column.encodings_mask())
        .set_compression_codec(column.compression_codec())
        .set_num_values(column.num_values())
        .set_total_compressed_size(column.compressed_size())
        .set_total_uncompressed_size(column.uncompressed_size())
        .set_data_page_offset(column.data_page_offset())
        .set_dictionary_page_offset(column.dictionary_page_offset());
    match statistics {
        Some(statistics) => builder.set_statistics(statistics),
        None => builder,
    }
    .build()
}
