//! Logical types and values: what a table's columns are, before any file or format.
//!
//! Start with [`DataType`] and [`DataField`] (Paimon's type system, with its JSON), [`Scalar`] (one value),
//! [`BinaryRow`] (Paimon's bytes for a few values: keys, partitions, statistics) and [`Options`].

mod arrow;
mod binary_row;
mod binary_row_builder;
mod canonical;
mod cast;
mod column;
mod column_builder;
mod data_type;
mod error;
mod murmur;
mod nested_row;
mod option_values;
mod options;
mod parse;
mod partition;
mod positions;
mod row_kind;
mod row_writer;
mod scalar;
pub mod system_fields;
mod text;

pub use arrow::{
    FIELD_ID_KEY, arrow_field, arrow_schema, arrow_schema_wide, arrow_type, arrow_type_wide, field_from_arrow,
    fields_from_arrow, is_wide_timestamp, wide_timestamp_type,
};
pub use binary_row::BinaryRow;
pub use binary_row_builder::BinaryRowBuilder;
pub use canonical::{CanonicalReader, CanonicalRows, parse_canonical, write_canonical, write_canonical_row};
pub use cast::{CastRule, cast_array, cast_array_as, cast_rule, cast_scalar};
pub use column::Column;
pub use column_builder::ColumnBuilder;
pub use data_type::{DataField, DataType, TypeKind};
pub use error::{Error, Result};
pub use murmur::{bucket_of_hash, murmur_words};
pub use option_values::Bytes64;
pub use options::{OptionKey, OptionValue, Options};
pub use parse::{parse_data_type, parse_ddl_type, parse_fields};
pub use partition::{PartitionText, PartitionValues, escape_path_name, unescape_path_name};
pub use positions::RowPositions;
pub use row_kind::RowKind;
pub use scalar::{Scalar, ScalarRef};
pub use text::{
    date_text, decimal_text, iso_timestamp_text, java_double_text, java_float_text, time_text, timestamp_text,
};
