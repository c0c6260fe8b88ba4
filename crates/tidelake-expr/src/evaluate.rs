//! A predicate over a batch.
use arrow_array::{Array, ArrayRef, BooleanArray, Datum, RecordBatch, Scalar as ArrowScalar};
use arrow_buffer::BooleanBuffer;
use arrow_ord::cmp;
use arrow_schema::ArrowError;
use std::cmp::Ordering;
use tidelake_types::{Column, Scalar, ScalarRef, TypeKind};

use crate::{LeafPredicate, Operator, Predicate, Result, error::MismatchSnafu};

/// One boolean for each row, never null (null counts as false). Columns are found by name in the batch, whose Arrow
/// types are those of `tidelake_types::arrow_type` or its wide form for the leaf's field. Floats compare as Java's
/// `Double.compare` orders them, strings and binaries bytewise.
pub fn evaluate(predicate: &Predicate, batch: &RecordBatch) -> Result<BooleanArray> {
    Ok(BooleanArray::new(passing(predicate, batch)?, None))
}

fn passing(predicate: &Predicate, batch: &RecordBatch) -> Result<BooleanBuffer> {
    match predicate {
        Predicate::True => Ok(BooleanBuffer::new_set(batch.num_rows())),
        Predicate::False => Ok(BooleanBuffer::new_unset(batch.num_rows())),
        Predicate::And(parts) => {
            let mut passed = BooleanBuffer::new_set(batch.num_rows());
            for part in parts {
                passed = &passed & &passing(part, batch)?;
                if passed.count_set_bits() == 0 {
                    break;
                }
            }
            Ok(passed)
        }
        Predicate::Or(parts) => {
            let mut passed = BooleanBuffer::new_unset(batch.num_rows());
            for part in parts {
                passed = &passed | &passing(part, batch)?;
                if passed.count_set_bits() == passed.len() {
                    break;
                }
            }
            Ok(passed)
        }
        Predicate::Leaf(leaf) => {
            let column = &leaf.field.name;
            match batch.column_by_name(column) {
                Some(array) => compare(leaf, array),
                None => MismatchSnafu { column, reason: "there is no such column" }.fail(),
            }
        }
    }
}

fn compare(leaf: &LeafPredicate, array: &ArrayRef) -> Result<BooleanBuffer> {
    let rows = array.len();
    let null_literal = leaf.literals.iter().any(Option::is_none);
    match (leaf.operator, leaf.literals.as_slice()) {
        (Operator::IsNull, _) => Ok(!&not_null(array)),
        (Operator::IsNotNull, _) => Ok(not_null(array)),
        (Operator::NotIn, _) if null_literal => Ok(BooleanBuffer::new_unset(rows)),
        (Operator::In | Operator::NotIn, literals) => among(leaf, literals, array),
        (_, [None]) => Ok(BooleanBuffer::new_unset(rows)),
        (_, [Some(literal)]) => match by_kernel(leaf, literal, array)? {
            Some(passed) => Ok(passed),
            None => by_value(leaf, literal, array),
        },
        (operator, literals) => {
            let reason = format!("{operator:?} with {} literals", literals.len());
            MismatchSnafu { column: &leaf.field.name, reason }.fail()
        }
    }
}

fn not_null(array: &ArrayRef) -> BooleanBuffer {
    match array.logical_nulls() {
        Some(nulls) => nulls.into_inner(),
        None => BooleanBuffer::new_set(array.len()),
    }
}

/// Arrow's kernels, where their order is Paimon's. `None` elsewhere: for floats (NaN), for timestamps that may be wide
/// or whose literal may not fit, and for prefixes.
fn by_kernel(leaf: &LeafPredicate, literal: &Scalar, array: &ArrayRef) -> Result<Option<BooleanBuffer>> {
    use TypeKind as K;
    let kernel: fn(&dyn Datum, &dyn Datum) -> Result<BooleanArray, ArrowError> = match leaf.operator {
        Operator::Equal => cmp::eq,
        Operator::NotEqual => cmp::neq,
        Operator::Less => cmp::lt,
        Operator::LessOrEqual => cmp::lt_eq,
        Operator::Greater => cmp::gt,
        Operator::GreaterOrEqual => cmp::gt_eq,
        _ => return Ok(None),
    };
    if matches!(leaf.field.data_type.kind, K::Float | K::Double | K::Timestamp(_) | K::TimestampLtz(_)) {
        return Ok(None);
    }
    let literal = Scalar::to_array_as(&[Some(literal.clone())], &leaf.field.data_type, array.data_type())?;
    let (values, nulls) = kernel(array, &ArrowScalar::new(literal))?.into_parts();
    Ok(Some(match nulls {
        Some(nulls) => &values & nulls.inner(),
        None => values,
    }))
}

fn by_value(leaf: &LeafPredicate, literal: &Scalar, array: &ArrayRef) -> Result<BooleanBuffer> {
    let test: fn(Ordering) -> bool = match leaf.operator {
        Operator::Equal => Ordering::is_eq,
        Operator::NotEqual => Ordering::is_ne,
        Operator::Less => Ordering::is_lt,
        Operator::LessOrEqual => Ordering::is_le,
        Operator::Greater => Ordering::is_gt,
        Operator::GreaterOrEqual => Ordering::is_ge,
        _ => return starts_with(leaf, literal, array),
    };
    let literal = literal_of(leaf, literal)?;
    let column = Column::try_new(array, &leaf.field.data_type)?;
    let passes = |row| column.get(row).and_then(|value| value.compare(literal)).is_some_and(test);
    Ok(BooleanBuffer::collect_bool(array.len(), passes))
}

fn starts_with(leaf: &LeafPredicate, prefix: &Scalar, array: &ArrayRef) -> Result<BooleanBuffer> {
    let prefix = literal_of(leaf, prefix)?;
    let column = Column::try_new(array, &leaf.field.data_type)?;
    let passes = |row| match (column.get(row), prefix) {
        (Some(ScalarRef::String(text)), ScalarRef::String(prefix)) => text.starts_with(prefix),
        (Some(ScalarRef::Bytes(bytes)), ScalarRef::Bytes(prefix)) => bytes.starts_with(prefix),
        _ => false,
    };
    Ok(BooleanBuffer::collect_bool(array.len(), passes))
}

/// IN and NOT IN: the literals are sorted once, then looked for by halving.
fn among(leaf: &LeafPredicate, literals: &[Option<Scalar>], array: &ArrayRef) -> Result<BooleanBuffer> {
    let order = |a: ScalarRef<'_>, b: ScalarRef<'_>| a.compare(b).unwrap_or(Ordering::Equal);
    let mut sorted = Vec::with_capacity(literals.len());
    for literal in literals.iter().flatten() {
        sorted.push(literal_of(leaf, literal)?);
    }
    sorted.sort_by(|a, b| order(*a, *b));
    let column = Column::try_new(array, &leaf.field.data_type)?;
    let wanted = leaf.operator == Operator::In;
    let passes = |row| match column.get(row) {
        Some(value) => sorted.binary_search_by(|literal| order(*literal, value)).is_ok() == wanted,
        None => false,
    };
    Ok(BooleanBuffer::collect_bool(array.len(), passes))
}

/// The literal, if it is of the column's family.
fn literal_of<'a>(leaf: &LeafPredicate, literal: &'a Scalar) -> Result<ScalarRef<'a>> {
    use ScalarRef as S;
    use TypeKind as K;
    let value = literal.as_ref();
    match (&leaf.field.data_type.kind, value) {
        (K::Boolean, S::Boolean(_))
        | (K::TinyInt, S::TinyInt(_))
        | (K::SmallInt, S::SmallInt(_))
        | (K::Int, S::Int(_))
        | (K::BigInt, S::BigInt(_))
        | (K::Float, S::Float(_))
        | (K::Double, S::Double(_))
        | (K::Decimal { .. }, S::Decimal(_))
        | (K::Char(_) | K::Varchar(_), S::String(_))
        | (K::Binary(_) | K::Varbinary(_), S::Bytes(_))
        | (K::Date, S::Date(_))
        | (K::Time(_), S::Time(_))
        | (K::Timestamp(_) | K::TimestampLtz(_), S::Timestamp { .. }) => Ok(value),
        (kind, _) => {
            let reason = format!("the literal {literal:?} is not of type {kind}");
            MismatchSnafu { column: &leaf.field.name, reason }.fail()
        }
    }
}
