//! Types within types, and values within values.

use std::sync::Arc;

use arrow_array::{Array, ArrayRef, make_array};
use arrow_schema::{ArrowError, DataType as ArrowType, FieldRef};

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

/// The values with those innermost in them changed by `change`; types of another build are given to it as a whole.
pub(crate) fn changed(
    values: &ArrayRef,
    target: &ArrowType,
    change: &impl Fn(&ArrayRef, &ArrowType) -> Result<ArrayRef, ArrowError>,
) -> Result<ArrayRef, ArrowError> {
    let targets = match (values.data_type(), target) {
        (ArrowType::List(_), ArrowType::List(element)) => vec![element],
        (ArrowType::Map(..), ArrowType::Map(entries, _)) => vec![entries],
        (ArrowType::Struct(own), ArrowType::Struct(fields)) if own.len() == fields.len() => fields.iter().collect(),
        _ => return change(values, target),
    };
    let data = values.to_data();
    let inner = (data.child_data().iter().zip(targets))
        .map(|(inner, field)| Ok(changed(&make_array(inner.clone()), field.data_type(), change)?.to_data()))
        .collect::<Result<Vec<_>, ArrowError>>()?;
    Ok(make_array(data.into_builder().data_type(target.clone()).child_data(inner).build()?))
}
