//! Records of any dialect, flattened into the fields that we know.

use super::{
    Fault, Result, broken,
    cursor::Cursor,
    schema::{Datum, Type, branch},
};

/// What we look for in a record: names, each a value or a record of its own. Flattened, the values are numbered in the
/// order in which they stand here.
#[derive(Debug)]
pub(crate) struct Shape(pub(crate) &'static [(&'static str, Option<&'static Shape>)]);

impl Shape {
    /// The number of values.
    pub(crate) fn width(&self) -> usize {
        self.0.iter().map(|(_, inner)| inner.map_or(1, |inner| inner.width())).sum()
    }

    fn names(&self, out: &mut Vec<&'static str>) {
        for (name, inner) in self.0 {
            match inner {
                Some(inner) => inner.names(out),
                None => out.push(name),
            }
        }
    }
}

/// How a file's records become values of a [`Shape`]: what to do with each part in turn.
#[derive(Debug)]
enum Step {
    Skip(Type),
    Keep(usize, Type),
    All(Vec<Step>),
    /// A record that may be null: none of its values are there then.
    OneOf(Vec<Step>),
}

/// Reads records of one file.
#[derive(Debug)]
pub(super) struct RowReader<'a> {
    step: Step,
    row: Row<'a>,
}

/// One record's values.
#[derive(Debug)]
pub(crate) struct Row<'a> {
    values: Vec<Datum<'a>>,
    names: Vec<&'static str>,
}

impl<'a> RowReader<'a> {
    pub(super) fn new(file: &Type, shape: &Shape) -> Result<Self> {
        let mut names = Vec::new();
        shape.names(&mut names);
        Ok(Self { step: compile(file, shape, 0)?, row: Row { values: vec![Datum::Missing; names.len()], names } })
    }

    pub(super) fn next(&mut self, cursor: &mut Cursor<'a>) -> Result<&mut Row<'a>> {
        self.row.values.fill(Datum::Missing);
        run(&self.step, cursor, &mut self.row.values)?;
        Ok(&mut self.row)
    }
}

fn compile(file: &Type, shape: &Shape, first: usize) -> Result<Step> {
    match file {
        Type::Record(fields) => {
            let steps = fields.iter().map(|(name, field)| {
                let mut slot = first;
                for (wanted, inner) in shape.0 {
                    match inner {
                        Some(inner) if wanted == name => return compile(field, inner, slot),
                        None if wanted == name => return Ok(Step::Keep(slot, field.clone())),
                        _ => slot += inner.map_or(1, |inner| inner.width()),
                    }
                }
                Ok(Step::Skip(field.clone()))
            });
            Ok(Step::All(steps.collect::<Result<_>>()?))
        }
        Type::Union(branches) => {
            let steps = branches.iter().map(|branch| match branch {
                Type::Null => Ok(Step::Skip(Type::Null)),
                other => compile(other, shape, first),
            });
            Ok(Step::OneOf(steps.collect::<Result<_>>()?))
        }
        _ => broken("the schema has a plain value where a record belongs"),
    }
}

fn run<'a>(step: &Step, cursor: &mut Cursor<'a>, out: &mut [Datum<'a>]) -> Result<()> {
    match step {
        Step::Skip(skipped) => skipped.read(cursor).map(drop),
        Step::Keep(slot, kept) => {
            out[*slot] = kept.read(cursor)?;
            Ok(())
        }
        Step::All(steps) => steps.iter().try_for_each(|step| run(step, cursor, out)),
        Step::OneOf(steps) => run(branch(steps, cursor)?, cursor, out),
    }
}

impl<'a> Row<'a> {
    /// A number that must be there.
    pub(crate) fn long(&self, slot: usize) -> Result<i64> {
        self.required(slot, self.opt_long(slot)?)
    }

    /// A number of 32 bits that must be there.
    pub(crate) fn int(&self, slot: usize) -> Result<i32> {
        self.required(slot, self.opt_int(slot)?)
    }

    /// A size or count that must be there and not be negative.
    pub(crate) fn size(&self, slot: usize) -> Result<u64> {
        let size = self.long(slot)?;
        u64::try_from(size).map_err(|_| Fault::Broken(format!("`{}` is {size}", self.names[slot])))
    }

    /// Bytes that must be there.
    pub(crate) fn bytes(&self, slot: usize) -> Result<&'a [u8]> {
        self.required(slot, self.opt_bytes(slot)?)
    }

    /// A string that must be there.
    pub(crate) fn string(&self, slot: usize) -> Result<String> {
        self.required(slot, self.opt_string(slot)?)
    }

    /// A number, if it is there.
    pub(crate) fn opt_long(&self, slot: usize) -> Result<Option<i64>> {
        self.optional(slot, &self.values[slot], as_long)
    }

    /// A number of 32 bits, if it is there.
    pub(crate) fn opt_int(&self, slot: usize) -> Result<Option<i32>> {
        let narrow =
            |long: i64| i32::try_from(long).map_err(|_| Fault::Broken(format!("`{}` is {long}", self.names[slot])));
        self.opt_long(slot)?.map(narrow).transpose()
    }

    /// Bytes, if they are there.
    pub(crate) fn opt_bytes(&self, slot: usize) -> Result<Option<&'a [u8]>> {
        self.optional(slot, &self.values[slot], |datum| match datum {
            Datum::Bytes(bytes) => Some(*bytes),
            _ => None,
        })
    }

    /// A string, if it is there.
    pub(crate) fn opt_string(&self, slot: usize) -> Result<Option<String>> {
        self.optional(slot, &self.values[slot], as_string)
    }

    /// A list of strings, if it is there.
    pub(crate) fn opt_strings(&self, slot: usize) -> Result<Option<Vec<String>>> {
        self.opt_list(slot, |item| self.required(slot, self.optional(slot, item, as_string)?))
    }

    /// A list of numbers, if it is there.
    pub(crate) fn opt_longs(&self, slot: usize) -> Result<Option<Vec<i64>>> {
        self.opt_list(slot, |item| self.required(slot, self.optional(slot, item, as_long)?))
    }

    /// A list of numbers that may be null, if it is there.
    pub(crate) fn opt_nullable_longs(&self, slot: usize) -> Result<Option<Vec<Option<i64>>>> {
        self.opt_list(slot, |item| self.optional(slot, item, as_long))
    }

    fn opt_list<T>(&self, slot: usize, read: impl Fn(&Datum<'a>) -> Result<T>) -> Result<Option<Vec<T>>> {
        match &self.values[slot] {
            Datum::Array(items) => Ok(Some(items.iter().map(read).collect::<Result<_>>()?)),
            other => self.optional(slot, other, |_| None),
        }
    }

    fn optional<T>(&self, slot: usize, datum: &Datum<'a>, read: impl Fn(&Datum<'a>) -> Option<T>) -> Result<Option<T>> {
        match datum {
            Datum::Missing | Datum::Null => Ok(None),
            other => match read(other) {
                Some(value) => Ok(Some(value)),
                None => broken(format!("`{}` is not of the type that it has everywhere else", self.names[slot])),
            },
        }
    }

    fn required<T>(&self, slot: usize, value: Option<T>) -> Result<T> {
        value.ok_or_else(|| Fault::Broken(format!("`{}` is missing", self.names[slot])))
    }
}

fn as_long(datum: &Datum<'_>) -> Option<i64> {
    match datum {
        Datum::Long(long) => Some(*long),
        _ => None,
    }
}

fn as_string(datum: &Datum<'_>) -> Option<String> {
    match datum {
        Datum::String(text) => Some((*text).to_owned()),
        _ => None,
    }
}
