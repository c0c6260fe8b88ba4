//! One value of a column.

/// One value that is not null: a literal, a bound, a partition value. Null is `Option::<Scalar>::None`.
///
/// Its meaning follows from the [`TypeKind`](crate::TypeKind) beside it: a `Decimal` is an unscaled number, and so on.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "one for each family of types")]
pub enum Scalar {
    Boolean(bool),
    TinyInt(i8),
    SmallInt(i16),
    Int(i32),
    BigInt(i64),
    Float(f32),
    Double(f64),
    /// Unscaled.
    Decimal(i128),
    String(String),
    Bytes(Vec<u8>),
    /// Days since 1970-01-01.
    Date(i32),
    /// Milliseconds of the day.
    Time(i32),
    /// Milliseconds since 1970-01-01T00:00:00 (floor) and nanoseconds of that millisecond (0 to 999,999).
    /// For both timestamp types; LTZ counts in UTC.
    Timestamp { millis: i64, nanos: i32 },
}
