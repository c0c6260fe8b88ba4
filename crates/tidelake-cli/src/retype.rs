//! Types within types.

use std::sync::Arc;

use arrow_schema::{DataType as ArrowType, FieldRef};

/// The type with all that it consists of replaced, the innermost first.
pub(crate) fn retyped(data_type: &ArrowType, replace: &impl Fn(&ArrowType) -> ArrowType) -> ArrowType {
    let inner = |field: &FieldRef| Arc::new(field.as_ref().clone().with_data_type(retyped(field.data_type(), replace)));
    let whole = match data_type {
        ArrowType::List(element) => ArrowType::List(inner(element)),
        ArrowType::Map(entries, sorted) => ArrowType::Map(inner(entries), *sorted),
        ArrowType::Struct(fields) => ArrowType::Struct(fields.iter().map(inner).collect()),
        plain => plain.clone(),
    };
    replace(&whole)
}
