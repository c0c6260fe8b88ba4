//! Columns of every type, and rows for them: the same at every run.

use std::sync::Arc;

use arrow_array::{
    Array, ArrayRef, BinaryArray, BooleanArray, Date32Array, Decimal128Array, Float32Array, Float64Array, Int8Array,
    Int16Array, Int32Array, Int64Array, ListArray, MapArray, RecordBatch, StringArray, StructArray,
    Time32MillisecondArray, TimestampMicrosecondArray, TimestampMillisecondArray, TimestampNanosecondArray,
};
use arrow_buffer::{NullBuffer, OffsetBuffer};
use arrow_schema::{DataType as ArrowType, Field, SchemaRef, TimeUnit};
use tidelake_types::{DataField, DataType, TypeKind, arrow_schema};

use crate::{FileFormat, Schema};

/// A column of each type that the format takes, and one of each that it refuses. The first is `id BIGINT NOT NULL`,
/// ascending from 0.
pub(super) fn fields(format: &dyn FileFormat) -> (Vec<DataField>, Vec<DataField>) {
    let mut types = vec![TypeKind::BigInt.not_null()];
    for kind in atoms() {
        types.push(kind.clone().not_null());
        types.push(kind.nullable());
    }
    types.extend(nested());
    let fields = types.into_iter().enumerate().map(|(index, data_type)| {
        let name = if index == 0 { "id".to_owned() } else { format!("c{index}") };
        DataField::new(index as i32, name, data_type)
    });
    fields.partition(|field| takes(format, field))
}

fn takes(format: &dyn FileFormat, field: &DataField) -> bool {
    let schema = arrow_schema(std::slice::from_ref(field)).expect("every type above has an Arrow form");
    format.check_schema(&schema).is_ok()
}

fn atoms() -> Vec<TypeKind> {
    let mut kinds = vec![
        TypeKind::Boolean,
        TypeKind::TinyInt,
        TypeKind::SmallInt,
        TypeKind::Int,
        TypeKind::BigInt,
        TypeKind::Float,
        TypeKind::Double,
        TypeKind::Date,
        TypeKind::Time(3),
        TypeKind::STRING,
        TypeKind::Char(4),
        TypeKind::BYTES,
    ];
    kinds.extend([1, 9, 10, 18, 19, 38].map(|precision| TypeKind::Decimal { precision, scale: 1 }));
    kinds.extend([0, 3, 6, 9].map(TypeKind::Timestamp));
    kinds.extend([3, 6, 9].map(TypeKind::TimestampLtz));
    kinds
}

fn nested() -> Vec<DataType> {
    let row = |id: i32| {
        TypeKind::Row(vec![
            DataField::new(id, "a", TypeKind::Int.nullable()),
            DataField::new(id + 1, "b", TypeKind::STRING.not_null()),
            DataField::new(id + 2, "c", TypeKind::Array(Box::new(TypeKind::Timestamp(6).nullable())).nullable()),
        ])
    };
    let list = |element: DataType| TypeKind::Array(Box::new(element));
    let map = |key: TypeKind, value: DataType| TypeKind::Map(Box::new(key.not_null()), Box::new(value));
    vec![
        list(TypeKind::Int.nullable()).nullable(),
        list(TypeKind::STRING.not_null()).not_null(),
        list(list(TypeKind::Decimal { precision: 20, scale: 2 }.nullable()).nullable()).nullable(),
        row(1_000).nullable(),
        row(1_010).not_null(),
        list(row(1_020).nullable()).nullable(),
        map(TypeKind::STRING, TypeKind::Double.nullable()).nullable(),
        map(TypeKind::Int, row(1_030).nullable()).not_null(),
        TypeKind::Multiset(Box::new(TypeKind::STRING.not_null())).nullable(),
        TypeKind::Row(vec![DataField::new(1_040, "inner", row(1_050).nullable())]).nullable(),
    ]
}

/// `rows` rows of which the first has id `first`.
pub(super) fn rows(schema: &SchemaRef, first: i64, rows: usize) -> RecordBatch {
    let mut random = Random(0x9e37_79b9_7f4a_7c15 ^ (first as u64 + 1));
    let columns = schema.fields().iter().enumerate().map(|(index, field)| -> ArrayRef {
        if index == 0 {
            Arc::new(Int64Array::from_iter_values(first..first + rows as i64))
        } else {
            array(field, rows, &mut random)
        }
    });
    RecordBatch::try_new(Arc::clone(schema), columns.collect()).expect("the arrays were made for the schema")
}

/// The schema without every second column, in the opposite order, and without the first field of ROWs.
pub(super) fn pruned(schema: &Schema) -> SchemaRef {
    let fields = schema.fields().iter().rev().step_by(2).map(|field| pruned_field(field));
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

fn pruned_field(field: &Field) -> Field {
    let data_type = match field.data_type() {
        ArrowType::Struct(fields) => {
            let keep = fields.len().min(2) - 1;
            ArrowType::Struct(fields[keep..].iter().rev().map(|field| pruned_field(field)).collect())
        }
        ArrowType::List(element) => ArrowType::List(Arc::new(pruned_field(element))),
        other => other.clone(),
    };
    field.clone().with_data_type(data_type)
}

/// What reading with the pruned field gives, from what was written.
pub(super) fn prune(array: &ArrayRef, field: &Field) -> ArrayRef {
    match field.data_type() {
        ArrowType::Struct(fields) => {
            let stored = array.as_any().downcast_ref::<StructArray>().expect("a ROW is a struct");
            let columns = fields.iter().map(|field| {
                prune(stored.column_by_name(field.name()).expect("pruning takes fields away only"), field)
            });
            let columns = columns.collect();
            Arc::new(StructArray::new(fields.clone(), columns, stored.nulls().cloned()))
        }
        ArrowType::List(element) => {
            let stored = array.as_any().downcast_ref::<ListArray>().expect("an ARRAY is a list");
            let values = prune(stored.values(), element);
            Arc::new(ListArray::new(Arc::clone(element), stored.offsets().clone(), values, stored.nulls().cloned()))
        }
        _ => Arc::clone(array),
    }
}

struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    /// Small numbers, repeated ones, and any.
    fn number(&mut self) -> i64 {
        match self.below(3) {
            0 => self.below(10) as i64 - 5,
            1 => self.below(1_000) as i64,
            _ => self.next() as i64,
        }
    }
}

fn array(field: &Field, rows: usize, random: &mut Random) -> ArrayRef {
    let nulls: Option<NullBuffer> = field.is_nullable().then(|| (0..rows).map(|_| random.below(4) != 0).collect());
    let valid = |row: usize| nulls.as_ref().is_none_or(|nulls| nulls.is_valid(row));
    macro_rules! numbers {
        ($array:ty, $make:expr) => {{
            let make = $make;
            Arc::new((0..rows).map(|row| valid(row).then(|| make(random.number()))).collect::<$array>()) as ArrayRef
        }};
        ($array:ty, $make:expr, $zone:expr) => {{
            let make = $make;
            let values = (0..rows).map(|row| valid(row).then(|| make(random.number())));
            Arc::new(values.collect::<$array>().with_timezone_opt($zone.clone())) as ArrayRef
        }};
    }
    // Years 0 to 4000 or so, where the unit can.
    let within = |value: i64, ticks: i64| value % (60_000_000_000 * ticks);
    match field.data_type() {
        ArrowType::Boolean => numbers!(BooleanArray, |value: i64| value % 2 == 0),
        ArrowType::Int8 => numbers!(Int8Array, |value| value as i8),
        ArrowType::Int16 => numbers!(Int16Array, |value| value as i16),
        ArrowType::Int32 => numbers!(Int32Array, |value| value as i32),
        ArrowType::Int64 => numbers!(Int64Array, |value| value),
        ArrowType::Float32 => numbers!(Float32Array, |value| f32::from_bits(value as u32)),
        ArrowType::Float64 => numbers!(Float64Array, |value| value as f64 / 8.0),
        ArrowType::Date32 => numbers!(Date32Array, |value| (value % 3_000_000) as i32),
        ArrowType::Time32(_) => numbers!(Time32MillisecondArray, |value: i64| value.rem_euclid(86_400_000) as i32),
        ArrowType::Timestamp(TimeUnit::Millisecond, zone) => {
            numbers!(TimestampMillisecondArray, |value| within(value, 1_000), zone)
        }
        ArrowType::Timestamp(TimeUnit::Microsecond, zone) => {
            numbers!(TimestampMicrosecondArray, |value| within(value, 1_000_000), zone)
        }
        ArrowType::Timestamp(_, zone) => numbers!(TimestampNanosecondArray, |value| value, zone),
        ArrowType::Decimal128(precision, scale) => {
            let limit = 10_i128.pow(u32::from(*precision));
            let values = (0..rows).map(|row| {
                let wide = i128::from(random.number()) * i128::from(random.number().unsigned_abs().max(1));
                valid(row).then_some(wide % limit)
            });
            let values = values.collect::<Decimal128Array>().with_precision_and_scale(*precision, *scale);
            Arc::new(values.expect("the type is valid"))
        }
        ArrowType::Utf8 => Arc::new((0..rows).map(|row| valid(row).then(|| text(random))).collect::<StringArray>()),
        ArrowType::Binary => {
            Arc::new((0..rows).map(|row| valid(row).then(|| text(random).into_bytes())).collect::<BinaryArray>())
        }
        ArrowType::List(element) => {
            let lengths = lengths(rows, valid, random);
            let values = array(element, lengths.iter().sum(), random);
            Arc::new(ListArray::new(Arc::clone(element), OffsetBuffer::from_lengths(lengths), values, nulls))
        }
        ArrowType::Map(entries, sorted) => {
            let ArrowType::Struct(pair) = entries.data_type() else { unreachable!("entries are pairs") };
            let lengths = lengths(rows, valid, random);
            let total = lengths.iter().sum();
            let columns = pair.iter().map(|field| array(field, total, random)).collect();
            let stored = StructArray::new(pair.clone(), columns, None);
            let offsets = OffsetBuffer::from_lengths(lengths);
            Arc::new(MapArray::new(Arc::clone(entries), offsets, stored, nulls, *sorted))
        }
        ArrowType::Struct(fields) => {
            let columns = fields.iter().map(|field| array(field, rows, random)).collect();
            Arc::new(StructArray::new(fields.clone(), columns, nulls))
        }
        other => unreachable!("no column of the suite is {other}"),
    }
}

fn lengths(rows: usize, valid: impl Fn(usize) -> bool, random: &mut Random) -> Vec<usize> {
    (0..rows).map(|row| if valid(row) { random.below(4) as usize } else { 0 }).collect()
}

fn text(random: &mut Random) -> String {
    match random.below(4) {
        0 => String::new(),
        1 => ["amber", "zürich", "湖水", "🦀"][random.below(4) as usize].to_owned(),
        2 => format!("a longer text, the same in front, {}", random.below(1 << 20)),
        _ => "x".repeat(random.below(50) as usize),
    }
}
