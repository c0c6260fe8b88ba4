//! Filters as programs write them: columns by name, literals as they come. They meet the table's columns when a scan is
//! planned.
//!
//! ```
//! use tidelake_table::col;
//! let filter = col("day").eq("2026-01-31").and(col("total").gt(100).or(col("total").is_null()));
//! ```

use tidelake_expr::{LeafPredicate, Operator, Predicate};
use tidelake_meta::TableSchema;
use tidelake_types::{CastRule, DataType, Scalar, TypeKind, cast_rule, cast_scalar};

use crate::error::{InvalidSnafu, Result};

/// A column, about to be compared.
pub fn col(name: impl Into<String>) -> Column {
    Column(name.into())
}

/// A column by name.
#[derive(Debug, Clone)]
pub struct Column(String);

/// A filter that does not know its table yet.
#[derive(Debug, Clone)]
pub enum Filter {
    /// Resolved already.
    Predicate(Predicate),
    /// All of these.
    And(Vec<Filter>),
    /// Any of these.
    Or(Vec<Filter>),
    /// A comparison.
    Compare {
        /// The column's name.
        column: String,
        /// How.
        operator: Operator,
        /// With what.
        literals: Vec<Literal>,
    },
}

/// A value as a program has it; it becomes one of the column's type if that loses nothing.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Literal {
    Null,
    Boolean(bool),
    Integer(i64),
    Double(f64),
    String(String),
    Bytes(Vec<u8>),
    /// Of the column's own type already.
    Scalar(Scalar),
}

macro_rules! comparisons {
    ($($(#[$doc:meta])* $name:ident $operator:ident;)*) => {
        $($(#[$doc])*
        pub fn $name(self, value: impl Into<Literal>) -> Filter {
            self.compare(Operator::$operator, vec![value.into()])
        })*
    };
}

impl Column {
    fn compare(self, operator: Operator, literals: Vec<Literal>) -> Filter {
        Filter::Compare { column: self.0, operator, literals }
    }

    comparisons! {
        /// `column = value`
        eq Equal;
        /// `column <> value`
        not_eq NotEqual;
        /// `column < value`
        lt Less;
        /// `column <= value`
        lt_eq LessOrEqual;
        /// `column > value`
        gt Greater;
        /// `column >= value`
        gt_eq GreaterOrEqual;
        /// The text begins so.
        starts_with StartsWith;
    }

    /// `column IN (..)`
    pub fn in_list<L: Into<Literal>>(self, values: impl IntoIterator<Item = L>) -> Filter {
        self.compare(Operator::In, values.into_iter().map(Into::into).collect())
    }

    /// `column NOT IN (..)`
    pub fn not_in_list<L: Into<Literal>>(self, values: impl IntoIterator<Item = L>) -> Filter {
        self.compare(Operator::NotIn, values.into_iter().map(Into::into).collect())
    }

    /// `column IS NULL`
    pub fn is_null(self) -> Filter {
        self.compare(Operator::IsNull, Vec::new())
    }

    /// `column IS NOT NULL`
    pub fn is_not_null(self) -> Filter {
        self.compare(Operator::IsNotNull, Vec::new())
    }
}

impl Filter {
    /// Both.
    pub fn and(self, other: Filter) -> Filter {
        Filter::And(vec![self, other])
    }

    /// Either.
    pub fn or(self, other: Filter) -> Filter {
        Filter::Or(vec![self, other])
    }

    /// The predicate on the table's columns.
    pub fn resolve(&self, schema: &TableSchema) -> Result<Predicate> {
        let all = |parts: &[Filter]| parts.iter().map(|part| part.resolve(schema)).collect::<Result<Vec<_>>>();
        Ok(match self {
            Filter::Predicate(predicate) => predicate.clone(),
            Filter::And(parts) => Predicate::and(all(parts)?),
            Filter::Or(parts) => Predicate::or(all(parts)?),
            Filter::Compare { column, operator, literals } => {
                let Some(field) = schema.field(column) else {
                    let known = schema.fields.iter().map(|field| field.name.as_str()).collect::<Vec<_>>().join(", ");
                    return InvalidSnafu {
                        message: format!("there is no column `{column}` to filter by (there are: {known})"),
                    }
                    .fail();
                };
                let literals =
                    literals.iter().map(|literal| literal.resolve(column, &field.data_type)).collect::<Result<_>>()?;
                Predicate::Leaf(LeafPredicate { field: field.clone(), operator: *operator, literals })
            }
        })
    }
}

impl Literal {
    fn resolve(&self, column: &str, target: &DataType) -> Result<Option<Scalar>> {
        let (scalar, kind) = match self {
            Literal::Null => return Ok(None),
            Literal::Scalar(scalar) => return Ok(Some(scalar.clone())),
            Literal::Boolean(value) => (Scalar::Boolean(*value), TypeKind::Boolean),
            Literal::Integer(value) => (Scalar::BigInt(*value), TypeKind::BigInt),
            Literal::Double(value) => (Scalar::Double(*value), TypeKind::Double),
            Literal::String(value) => (Scalar::String(value.clone()), TypeKind::STRING),
            Literal::Bytes(value) => (Scalar::Bytes(value.clone()), TypeKind::BYTES),
        };
        let natural = DataType { kind, nullable: true };
        let refuse = || {
            let message = format!("column `{column}` is {target}: it cannot be compared with {self:?}");
            InvalidSnafu { message }.fail()
        };
        if cast_rule(&natural, target) == CastRule::No {
            return refuse();
        }
        let Some(value) = cast_scalar(&scalar, &natural, target)? else { return refuse() };
        // There and back again, or it was rounded, cut or wrapped on the way.
        let faithful = match self {
            Literal::String(_) => true,
            _ => cast_scalar(&value, target, &natural)?.is_some_and(|back| back == scalar),
        };
        if faithful { Ok(Some(value)) } else { refuse() }
    }
}

impl From<Predicate> for Filter {
    fn from(predicate: Predicate) -> Self {
        Filter::Predicate(predicate)
    }
}

macro_rules! literals {
    ($($from:ty => |$value:ident| $make:expr;)*) => {
        $(impl From<$from> for Literal {
            fn from($value: $from) -> Self {
                $make
            }
        })*
    };
}

literals! {
    bool => |value| Literal::Boolean(value);
    i32 => |value| Literal::Integer(value.into());
    i64 => |value| Literal::Integer(value);
    u32 => |value| Literal::Integer(value.into());
    f64 => |value| Literal::Double(value);
    &str => |value| Literal::String(value.to_owned());
    String => |value| Literal::String(value);
    Vec<u8> => |value| Literal::Bytes(value);
    Scalar => |value| Literal::Scalar(value);
}
