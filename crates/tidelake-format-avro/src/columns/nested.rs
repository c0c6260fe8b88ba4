//! Lists, maps and structs.

use std::{mem, sync::Arc};

use arrow_array::{ArrayRef, ListArray, MapArray, StructArray, new_null_array};
use arrow_buffer::{NullBuffer, NullBufferBuilder, OffsetBuffer};
use arrow_schema::{self as arrow, DataType, FieldRef};

use super::{Column, plan, refused};
use crate::{
    cursor::Cursor,
    fault::{Result, unsupported},
    schema::Type,
};

/// Arrays.
pub(super) struct List {
    element: FieldRef,
    runs: Runs,
    items: Box<dyn Column>,
}

impl List {
    pub(super) fn plan(item: &Type, element: &FieldRef) -> Result<Self> {
        Ok(Self { element: Arc::clone(element), runs: Runs::new(), items: plan(item, element)? })
    }
}

impl Column for List {
    fn read(&mut self, cursor: &mut Cursor<'_>) -> Result<()> {
        self.runs.read(cursor, |cursor| self.items.read(cursor))
    }

    fn null(&mut self) {
        self.runs.null();
    }

    fn finish(&mut self) -> Result<ArrayRef> {
        let (offsets, nulls) = mem::replace(&mut self.runs, Runs::new()).finish();
        match ListArray::try_new(Arc::clone(&self.element), offsets, self.items.finish()?, nulls) {
            Ok(list) => Ok(Arc::new(list)),
            Err(error) => refused(error),
        }
    }
}

/// Maps, and arrays of pairs: the same bytes.
pub(super) struct Map {
    entries: FieldRef,
    fields: arrow::Fields,
    sorted: bool,
    runs: Runs,
    keys: Box<dyn Column>,
    values: Box<dyn Column>,
}

impl Map {
    pub(super) fn plan(key: &Type, value: &Type, entries: &FieldRef, sorted: bool) -> Result<Self> {
        let DataType::Struct(fields) = entries.data_type() else { return unsupported("is asked for as no map") };
        let [wanted_key, wanted_value] = &fields[..] else { return unsupported("is asked for as no map") };
        let (keys, values) = (plan(key, wanted_key)?, plan(value, wanted_value)?);
        Ok(Self { entries: Arc::clone(entries), fields: fields.clone(), sorted, runs: Runs::new(), keys, values })
    }
}

impl Column for Map {
    fn read(&mut self, cursor: &mut Cursor<'_>) -> Result<()> {
        self.runs.read(cursor, |cursor| {
            self.keys.read(cursor)?;
            self.values.read(cursor)
        })
    }

    fn null(&mut self) {
        self.runs.null();
    }

    fn finish(&mut self) -> Result<ArrayRef> {
        let (offsets, nulls) = mem::replace(&mut self.runs, Runs::new()).finish();
        let columns = vec![self.keys.finish()?, self.values.finish()?];
        let map = StructArray::try_new(self.fields.clone(), columns, None)
            .and_then(|entries| MapArray::try_new(Arc::clone(&self.entries), offsets, entries, nulls, self.sorted));
        match map {
            Ok(map) => Ok(Arc::new(map)),
            Err(error) => refused(error),
        }
    }
}

/// Where the items of each array are among all.
struct Runs {
    ends: Vec<i32>,
    items: usize,
    nulls: NullBufferBuilder,
}

impl Runs {
    fn new() -> Self {
        Self { ends: vec![0], items: 0, nulls: NullBufferBuilder::new(0) }
    }

    fn read(&mut self, cursor: &mut Cursor<'_>, mut read: impl FnMut(&mut Cursor<'_>) -> Result<()>) -> Result<()> {
        loop {
            let items = cursor.run()?.items;
            if items == 0 {
                break;
            }
            self.items += items;
            (0..items).try_for_each(|_| read(cursor))?;
        }
        let Ok(end) = i32::try_from(self.items) else { return unsupported("has too many items for one batch") };
        self.ends.push(end);
        self.nulls.append_non_null();
        Ok(())
    }

    fn null(&mut self) {
        self.ends.extend(self.ends.last().copied());
        self.nulls.append_null();
    }

    fn finish(mut self) -> (OffsetBuffer<i32>, Option<NullBuffer>) {
        (OffsetBuffer::new(self.ends.into()), self.nulls.finish())
    }
}

/// Records.
pub(super) struct Record {
    wanted: arrow::Fields,
    fields: Fields,
    nulls: NullBufferBuilder,
}

impl Record {
    pub(super) fn plan(stored: &[(String, Type)], wanted: &arrow::Fields) -> Result<Self> {
        let fields = Fields::plan(stored, wanted)?;
        Ok(Self { wanted: wanted.clone(), fields, nulls: NullBufferBuilder::new(0) })
    }
}

impl Column for Record {
    fn read(&mut self, cursor: &mut Cursor<'_>) -> Result<()> {
        self.nulls.append_non_null();
        self.fields.read(cursor)
    }

    fn null(&mut self) {
        self.nulls.append_null();
        self.fields.null();
    }

    fn finish(&mut self) -> Result<ArrayRef> {
        let len = self.fields.len();
        let columns = self.fields.finish()?;
        match StructArray::try_new_with_length(self.wanted.clone(), columns, self.nulls.finish(), len) {
            Ok(record) => Ok(Arc::new(record)),
            Err(error) => refused(error),
        }
    }
}

/// The fields of a record: some read, the others passed over.
pub(super) struct Fields {
    /// In the order of the file.
    steps: Vec<(String, Step)>,
    /// In the order asked for.
    sources: Vec<Source>,
    len: usize,
}

enum Step {
    Read(Box<dyn Column>),
    Skip(Type),
}

enum Source {
    Step(usize),
    /// The file has no such field.
    Missing(DataType),
}

impl Fields {
    pub(super) fn plan(stored: &[(String, Type)], wanted: &arrow::Fields) -> Result<Self> {
        let mut steps: Vec<_> = stored.iter().map(|(name, field)| (name.clone(), Step::Skip(field.clone()))).collect();
        let mut sources = Vec::with_capacity(wanted.len());
        for field in wanted {
            let place = stored.iter().position(|(name, _)| name == field.name());
            sources.push(match place {
                Some(place) if matches!(steps[place].1, Step::Read(_)) => {
                    return unsupported("is asked for twice").map_err(|fault| fault.inside(field.name()));
                }
                Some(place) => {
                    steps[place].1 = Step::Read(plan(&stored[place].1, field)?);
                    Source::Step(place)
                }
                None if field.is_nullable() => Source::Missing(field.data_type().clone()),
                None => {
                    return unsupported("is NOT NULL and not in the file").map_err(|fault| fault.inside(field.name()));
                }
            });
        }
        Ok(Self { steps, sources, len: 0 })
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn read(&mut self, cursor: &mut Cursor<'_>) -> Result<()> {
        for (name, step) in &mut self.steps {
            match step {
                Step::Read(column) => column.read(cursor),
                Step::Skip(stored) => stored.skip(cursor),
            }
            .map_err(|fault| fault.inside(name))?;
        }
        self.len += 1;
        Ok(())
    }

    fn null(&mut self) {
        for (_, step) in &mut self.steps {
            if let Step::Read(column) = step {
                column.null();
            }
        }
        self.len += 1;
    }

    pub(super) fn finish(&mut self) -> Result<Vec<ArrayRef>> {
        let len = mem::take(&mut self.len);
        let mut columns = Vec::with_capacity(self.sources.len());
        for source in &self.sources {
            columns.push(match source {
                Source::Step(place) => match &mut self.steps[*place] {
                    (name, Step::Read(column)) => column.finish().map_err(|fault| fault.inside(name))?,
                    (name, Step::Skip(_)) => {
                        return unsupported("was not read").map_err(|fault| fault.inside(name));
                    }
                },
                Source::Missing(data_type) => new_null_array(data_type, len),
            });
        }
        Ok(columns)
    }
}
