//! Paimon's types: what a column may hold, and what a field is called.

use std::fmt;

/// A type and whether its values may be null.
///
/// `Display` prints the canonical text of schema files for atomic types (`DECIMAL(10, 2) NOT NULL`) and the DDL form
/// for nested ones (`ARRAY<INT>`); the JSON of nested types is [`DataType::to_json`].
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct DataType {
    /// What the values are.
    pub kind: TypeKind,
    /// Whether a value may be missing.
    pub nullable: bool,
}

/// What the values of a [`DataType`] are. Lengths are in characters or bytes, precisions in decimal digits.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the names are Paimon's own")]
pub enum TypeKind {
    Char(u32),
    /// `VARCHAR(2147483647)` is `STRING`.
    Varchar(u32),
    Boolean,
    Binary(u32),
    /// `VARBINARY(2147483647)` is `BYTES`.
    Varbinary(u32),
    Decimal {
        precision: u8,
        scale: i8,
    },
    TinyInt,
    SmallInt,
    Int,
    BigInt,
    Float,
    Double,
    Date,
    /// Held in milliseconds of the day whatever the precision.
    Time(u8),
    Timestamp(u8),
    /// `TIMESTAMP(p) WITH LOCAL TIME ZONE`: an instant.
    TimestampLtz(u8),
    Array(Box<DataType>),
    Map(Box<DataType>, Box<DataType>),
    /// A map from element to the number of its occurrences.
    Multiset(Box<DataType>),
    Row(Vec<DataField>),
    Variant,
    Blob,
    Vector(Box<DataType>, u32),
    /// The coordinate reference system.
    Geometry(String),
    /// The coordinate reference system and the algorithm.
    Geography(String, String),
}

/// A named column, or a field of a ROW.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct DataField {
    /// Unique in the whole tree of a table, never reused: columns are matched by it across schemas.
    pub id: i32,
    /// As users say it.
    pub name: String,
    /// What it holds.
    pub data_type: DataType,
    /// `description` in JSON, the comment of DDL.
    pub description: Option<String>,
    /// A literal to be cast to the type.
    pub default_value: Option<String>,
}

/// The length that makes a VARCHAR a STRING and a VARBINARY BYTES.
pub(crate) const MAX_LENGTH: u32 = 2_147_483_647;

impl TypeKind {
    /// `STRING`.
    pub const STRING: Self = Self::Varchar(MAX_LENGTH);
    /// `BYTES`.
    pub const BYTES: Self = Self::Varbinary(MAX_LENGTH);

    /// The type with these values, nullable.
    pub fn nullable(self) -> DataType {
        DataType { kind: self, nullable: true }
    }

    /// The type with these values, NOT NULL.
    pub fn not_null(self) -> DataType {
        DataType { kind: self, nullable: false }
    }

    /// ARRAY, MAP, MULTISET, ROW, VECTOR: types made of other types.
    pub fn is_nested(&self) -> bool {
        matches!(self, Self::Array(_) | Self::Map(..) | Self::Multiset(_) | Self::Row(_) | Self::Vector(..))
    }

    /// CHAR and VARCHAR.
    pub fn is_string(&self) -> bool {
        matches!(self, Self::Char(_) | Self::Varchar(_))
    }

    /// BINARY and VARBINARY.
    pub fn is_binary(&self) -> bool {
        matches!(self, Self::Binary(_) | Self::Varbinary(_))
    }
}

impl DataType {
    /// The same type, nullable or not.
    pub fn with_nullable(mut self, nullable: bool) -> Self {
        self.nullable = nullable;
        self
    }

    /// Whether both hold the same values, nullability aside (at every depth).
    pub fn same_values(&self, other: &Self) -> bool {
        match (&self.kind, &other.kind) {
            (TypeKind::Array(a), TypeKind::Array(b)) | (TypeKind::Multiset(a), TypeKind::Multiset(b)) => {
                a.same_values(b)
            }
            (TypeKind::Map(ak, av), TypeKind::Map(bk, bv)) => ak.same_values(bk) && av.same_values(bv),
            (TypeKind::Row(a), TypeKind::Row(b)) => {
                a.len() == b.len()
                    && a.iter()
                        .zip(b)
                        .all(|(a, b)| a.id == b.id && a.name == b.name && a.data_type.same_values(&b.data_type))
            }
            (a, b) => a == b,
        }
    }
}

impl DataField {
    /// A field without comment and default.
    pub fn new(id: i32, name: impl Into<String>, data_type: DataType) -> Self {
        Self { id, name: name.into(), data_type, description: None, default_value: None }
    }
}

impl fmt::Display for DataType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.kind.fmt(f)?;
        if !self.nullable {
            f.write_str(" NOT NULL")?;
        }
        Ok(())
    }
}

impl fmt::Display for TypeKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Char(n) => write!(f, "CHAR({n})"),
            Self::Varchar(MAX_LENGTH) => f.write_str("STRING"),
            Self::Varchar(n) => write!(f, "VARCHAR({n})"),
            Self::Boolean => f.write_str("BOOLEAN"),
            Self::Binary(n) => write!(f, "BINARY({n})"),
            Self::Varbinary(MAX_LENGTH) => f.write_str("BYTES"),
            Self::Varbinary(n) => write!(f, "VARBINARY({n})"),
            Self::Decimal { precision, scale } => write!(f, "DECIMAL({precision}, {scale})"),
            Self::TinyInt => f.write_str("TINYINT"),
            Self::SmallInt => f.write_str("SMALLINT"),
            Self::Int => f.write_str("INT"),
            Self::BigInt => f.write_str("BIGINT"),
            Self::Float => f.write_str("FLOAT"),
            Self::Double => f.write_str("DOUBLE"),
            Self::Date => f.write_str("DATE"),
            Self::Time(p) => write!(f, "TIME({p})"),
            Self::Timestamp(p) => write!(f, "TIMESTAMP({p})"),
            Self::TimestampLtz(p) => write!(f, "TIMESTAMP({p}) WITH LOCAL TIME ZONE"),
            Self::Array(element) => write!(f, "ARRAY<{element}>"),
            Self::Map(key, value) => write!(f, "MAP<{key}, {value}>"),
            Self::Multiset(element) => write!(f, "MULTISET<{element}>"),
            Self::Row(fields) => {
                f.write_str("ROW<")?;
                for (i, field) in fields.iter().enumerate() {
                    if i > 0 {
                        f.write_str(", ")?;
                    }
                    write!(f, "{} {}", field.name, field.data_type)?;
                }
                f.write_str(">")
            }
            Self::Variant => f.write_str("VARIANT"),
            Self::Blob => f.write_str("BLOB"),
            Self::Vector(element, length) => write!(f, "VECTOR<{element}, {length}>"),
            Self::Geometry(crs) => write!(f, "GEOMETRY({crs})"),
            Self::Geography(crs, algorithm) => write!(f, "GEOGRAPHY({crs}, {algorithm})"),
        }
    }
}
