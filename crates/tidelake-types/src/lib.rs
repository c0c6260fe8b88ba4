//! Logical types and values: what a table's columns are, before any file or format.
//!
//! Start with [`DataType`] and [`DataField`] (Paimon's type system, with its JSON), [`Scalar`] (one value),
//! [`BinaryRow`] (Paimon's bytes for a few values: keys, partitions, statistics) and [`Options`].

mod arrow;
mod binary_row;
mod cast;
mod data_type;
mod error;
mod murmur;
mod options;
mod parse;
mod partition;
mod positions;
mod row_kind;
mod scalar;
pub mod system_fields;

pub use arrow::{FIELD_ID_KEY, arrow_field, arrow_schema, arrow_type, field_from_arrow, fields_from_arrow};
pub use binary_row::{BinaryRow, BinaryRowBuilder};
pub use cast::{CastRule, cast_array, cast_rule, cast_scalar};
pub use data_type::{DataField, DataType, TypeKind};
pub use error::{Error, Result};
pub use murmur::{bucket_of_hash, murmur_words};
pub use options::{OptionKey, OptionValue, Options};
pub use parse::{parse_data_type, parse_ddl_type};
pub use partition::{PartitionText, PartitionValues, escape_path_name, unescape_path_name};
pub use positions::RowPositions;
pub use row_kind::RowKind;
pub use scalar::Scalar;
