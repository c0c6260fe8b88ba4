//! Values as Arrow has them, drawn values, and filters on both sides.

use std::sync::Arc;

use arrow_array::{
    Array, ArrayRef, Int32Array, Int64Array, RecordBatch, StringArray,
    cast::AsArray,
    types::{Int32Type, Int64Type},
};
use tidelake_table::{Filter, Literal, col};
use tidelake_testing::Random;

use super::{
    op::Draft,
    shape::Shape,
    table::{Field, KEY, Kind, PARTITION, Row, SEQUENCE, Value, value},
};

const TEXTS: [&str; 6] =
    ["", "é\u{1F600}", "a'b\"\\", "\0", "a", "a text that is longer than what statistics keep of it"];

/// The row that a draft means for a writer with these columns; its sequence is at least `sequence_min`.
pub(crate) fn row(draft: &Draft, shape: &Shape, fields: &[Field], sequence_min: impl Fn(&Row) -> Option<Value>) -> Row {
    let partition = match draft.partition {
        0 => Value::Text("a".to_owned()),
        1 => Value::Text("b=/ü%".to_owned()),
        _ if shape.rules.key => Value::Text("c".to_owned()),
        _ => Value::Null,
    };
    let key = match draft.salt % 20 {
        0 if !shape.rules.key => Value::Null,
        _ => Value::Int(draft.key.into()),
    };
    let mut row = Row::from([(PARTITION, partition), (KEY, key)]);
    let sequence = if draft.sequence == 0 { Value::Null } else { Value::Int(draft.sequence.into()) };
    let sequence = sequence.max(sequence_min(&row).unwrap_or(Value::Null));
    row.insert(SEQUENCE, sequence);
    for field in fields.iter().filter(|field| field.id > SEQUENCE) {
        let mut random = Random::new(u64::from(draft.salt) ^ ((field.id as u64) << 32));
        row.insert(field.id, some_value(&mut random, field.kind));
    }
    row
}

fn some_value(random: &mut Random, kind: Kind) -> Value {
    match (random.below(10), kind) {
        (0, _) => Value::Null,
        (1, Kind::Int | Kind::BigInt) => Value::Int(i32::MIN.into()),
        (2, Kind::Int | Kind::BigInt) => Value::Int(i32::MAX.into()),
        (_, Kind::Int | Kind::BigInt) => Value::Int(random.below(40) as i64 - 5),
        (1..7, Kind::Text) => Value::Text(TEXTS[random.below(TEXTS.len() as u64) as usize].to_owned()),
        (_, Kind::Text) => Value::Text(format!("{:x}", random.below(1 << 20))),
    }
}

pub(crate) fn batch(rows: &[Row], fields: &[Field]) -> RecordBatch {
    let columns = fields.iter().map(|field| {
        let values = rows.iter().map(|row| value(row, field.id));
        let int = |value: Value| if let Value::Int(value) = value { Some(value) } else { None };
        let column: ArrayRef = match field.kind {
            Kind::Int => {
                Arc::new(values.map(|value| int(value).map(|value| value.try_into().unwrap())).collect::<Int32Array>())
            }
            Kind::BigInt => Arc::new(values.map(int).collect::<Int64Array>()),
            Kind::Text => Arc::new(
                values
                    .map(|value| if let Value::Text(text) = value { Some(text) } else { None })
                    .collect::<StringArray>(),
            ),
        };
        (field.name.as_str(), column, true)
    });
    RecordBatch::try_from_iter_with_nullable(columns).unwrap()
}

/// The cells of a batch with these columns.
pub(crate) fn cells_of(batch: &RecordBatch, fields: &[Field]) -> Result<Vec<Vec<Value>>, String> {
    if batch.num_columns() != fields.len() {
        return Err(format!("{} columns came, {} were asked for", batch.num_columns(), fields.len()));
    }
    let mut rows = vec![Vec::with_capacity(fields.len()); batch.num_rows()];
    for (column, field) in batch.columns().iter().zip(fields) {
        let wrong = || format!("column `{}` came as {}", field.name, column.data_type());
        let get: Box<dyn Fn(usize) -> Value> = match field.kind {
            Kind::Int => {
                let column = column.as_primitive_opt::<Int32Type>().ok_or_else(wrong)?;
                Box::new(|row| Value::Int(column.value(row).into()))
            }
            Kind::BigInt => {
                let column = column.as_primitive_opt::<Int64Type>().ok_or_else(wrong)?;
                Box::new(|row| Value::Int(column.value(row)))
            }
            Kind::Text => {
                let column = column.as_string_opt::<i32>().ok_or_else(wrong)?;
                Box::new(|row| Value::Text(column.value(row).to_owned()))
            }
        };
        for (index, row) in rows.iter_mut().enumerate() {
            row.push(if column.is_null(index) { Value::Null } else { get(index) });
        }
    }
    Ok(rows)
}

/// A filter as a program writes it, and what it means.
#[derive(Debug, Clone)]
pub(crate) enum Test {
    Compare(Field, &'static str, Value),
    In(Field, Vec<Value>),
    IsNull(Field, bool),
    Both(Box<Test>, Box<Test>),
    Either(Box<Test>, Box<Test>),
}

impl Test {
    pub(crate) fn draw(random: &mut Random, fields: &[Field], depth: u32) -> Self {
        if depth > 0 && random.per_mille(350) {
            let [one, other] = [(); 2].map(|()| Box::new(Self::draw(random, fields, depth - 1)));
            return if random.per_mille(500) { Self::Both(one, other) } else { Self::Either(one, other) };
        }
        let field = fields[random.below(fields.len() as u64) as usize].clone();
        let mut literal = || match (field.id, random.below(3)) {
            (PARTITION, place) => Value::Text(["a", "b=/ü%", "c"][place as usize].to_owned()),
            (KEY | SEQUENCE, _) => Value::Int(random.below(12) as i64),
            _ => loop {
                match some_value(random, field.kind) {
                    Value::Null => {}
                    value => break value,
                }
            },
        };
        let values = [literal(), literal(), literal()];
        match random.below(10) {
            0 => Self::IsNull(field, random.per_mille(500)),
            1 | 2 => Self::In(field, values.to_vec()),
            _ => {
                let operator = ["=", "<>", "<", "<=", ">", ">="][random.below(6) as usize];
                let [value, ..] = values;
                Self::Compare(field, operator, value)
            }
        }
    }

    pub(crate) fn filter(&self) -> Filter {
        let literal = |value: &Value| match value {
            Value::Null => Literal::Null,
            Value::Int(value) => Literal::Integer(*value),
            Value::Text(text) => Literal::String(text.clone()),
        };
        match self {
            Self::Compare(field, operator, value) => {
                let (column, value) = (col(&field.name), literal(value));
                match *operator {
                    "=" => column.eq(value),
                    "<>" => column.not_eq(value),
                    "<" => column.lt(value),
                    "<=" => column.lt_eq(value),
                    ">" => column.gt(value),
                    _ => column.gt_eq(value),
                }
            }
            Self::In(field, values) => col(&field.name).in_list(values.iter().map(literal)),
            Self::IsNull(field, true) => col(&field.name).is_null(),
            Self::IsNull(field, false) => col(&field.name).is_not_null(),
            Self::Both(one, other) => one.filter().and(other.filter()),
            Self::Either(one, other) => one.filter().or(other.filter()),
        }
    }

    pub(crate) fn holds(&self, row: &Row) -> bool {
        match self {
            Self::Compare(field, operator, with) => match value(row, field.id) {
                Value::Null => false,
                value => match *operator {
                    "=" => value == *with,
                    "<>" => value != *with,
                    "<" => value < *with,
                    "<=" => value <= *with,
                    ">" => value > *with,
                    _ => value >= *with,
                },
            },
            Self::In(field, values) => values.contains(&value(row, field.id)),
            Self::IsNull(field, null) => (value(row, field.id) == Value::Null) == *null,
            Self::Both(one, other) => one.holds(row) && other.holds(row),
            Self::Either(one, other) => one.holds(row) || other.holds(row),
        }
    }
}
