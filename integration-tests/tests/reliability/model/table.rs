//! What a table is: rows in memory, without files, levels or sequence numbers, slow and plain.

use std::collections::BTreeMap;

use tidelake_table::CommitKind;

/// A value of a row. Types are a matter of the columns: an INT that became a BIGINT is the same value.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Value {
    Null,
    Int(i64),
    Text(String),
}

/// The type of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Int,
    BigInt,
    Text,
}

/// A column: its name may change, its id does not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Field {
    pub(crate) id: i32,
    pub(crate) name: String,
    pub(crate) kind: Kind,
}

/// Values by column id; a column that was not there when the row was written is null.
pub(crate) type Row = BTreeMap<i32, Value>;

/// The byte of a row kind, and the row.
pub(crate) type Change = (i8, Row);

/// The first columns of each table.
pub(crate) const PARTITION: i32 = 0;
pub(crate) const KEY: i32 = 1;
pub(crate) const SEQUENCE: i32 = 2;

/// What decides how rows of one key are merged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rules {
    pub(crate) key: bool,
    /// The partition is a part of the key.
    pub(crate) partitioned: bool,
    pub(crate) sequence_field: bool,
    pub(crate) ignore_delete: bool,
}

impl Rules {
    fn key_of(self, row: &Row) -> (Value, Value) {
        (if self.partitioned { value(row, PARTITION) } else { Value::Null }, value(row, KEY))
    }
}

/// All rows at one moment.
#[derive(Debug, Clone, Default)]
pub(crate) struct State {
    /// Of a key table: the newest row of each key, and whether it is there or was deleted.
    keyed: BTreeMap<(Value, Value), (Row, bool)>,
    /// Of an append table.
    bag: Vec<Row>,
}

/// Which partitions an overwrite replaces.
#[derive(Debug, Clone)]
pub(crate) enum Replaced {
    Nothing,
    Everything,
    Partitions(Vec<Value>),
}

/// What an operation does to the rows: some go, then some come.
#[derive(Debug, Clone)]
pub(crate) struct Did {
    pub(crate) replaced: Replaced,
    pub(crate) changes: Vec<Change>,
}

impl Did {
    pub(crate) fn nothing() -> Self {
        Self::wrote(Vec::new())
    }

    pub(crate) fn wrote(changes: Vec<Change>) -> Self {
        Self { replaced: Replaced::Nothing, changes }
    }

    pub(crate) fn removed(replaced: Replaced) -> Self {
        Self { replaced, changes: Vec::new() }
    }
}

pub(crate) fn value(row: &Row, id: i32) -> Value {
    row.get(&id).cloned().unwrap_or(Value::Null)
}

pub(crate) fn is_retract(kind: i8) -> bool {
    kind == 1 || kind == 3
}

impl State {
    pub(crate) fn apply(&mut self, rules: Rules, changes: &[Change]) {
        for (kind, row) in changes {
            if !rules.key {
                self.bag.push(row.clone());
                continue;
            }
            if rules.ignore_delete && is_retract(*kind) {
                continue;
            }
            let key = rules.key_of(row);
            let newer = match self.keyed.get(&key) {
                Some((known, _)) if rules.sequence_field => value(row, SEQUENCE) >= value(known, SEQUENCE),
                _ => true,
            };
            if newer {
                self.keyed.insert(key, (row.clone(), !is_retract(*kind)));
            }
        }
    }

    /// Changes as a changelog tells them: each takes away or puts in place exactly what it says.
    pub(crate) fn step(&mut self, rules: Rules, changes: &[Change]) -> Result<(), String> {
        for (kind, row) in changes {
            let key = rules.key_of(row);
            match is_retract(*kind) {
                true if self.keyed.remove(&key) != Some((row.clone(), true)) => {
                    return Err(format!("the row {row:?} is taken back, but was not there"));
                }
                false if self.keyed.insert(key, (row.clone(), true)).is_some() => {
                    return Err(format!("the row {row:?} is added beside another of its key"));
                }
                _ => {}
            }
        }
        Ok(())
    }

    pub(crate) fn remove(&mut self, replaced: &Replaced) {
        let stays = |partition: &Value| match replaced {
            Replaced::Nothing => true,
            Replaced::Everything => false,
            Replaced::Partitions(gone) => !gone.contains(partition),
        };
        self.keyed.retain(|_, (row, _)| stays(&value(row, PARTITION)));
        self.bag.retain(|row| stays(&value(row, PARTITION)));
    }

    /// The sequence of the delete that this key ended with. A row that is older than a delete is not to be written: whether
    /// the delete is still known depends on what was compacted.
    pub(crate) fn deleted_at(&self, rules: Rules, row: &Row) -> Option<Value> {
        let (row, there) = self.keyed.get(&rules.key_of(row))?;
        (!there).then(|| value(row, SEQUENCE))
    }

    /// The rows that a reader sees.
    pub(crate) fn rows(&self) -> impl Iterator<Item = &Row> {
        self.keyed.values().filter(|(_, there)| *there).map(|(row, _)| row).chain(&self.bag)
    }

    /// The same, as these columns, sorted.
    pub(crate) fn table(&self, fields: &[Field]) -> Vec<Vec<Value>> {
        let mut table: Vec<Vec<Value>> = self.rows().map(|row| cells(row, fields)).collect();
        table.sort();
        table
    }
}

pub(crate) fn cells(row: &Row, fields: &[Field]) -> Vec<Value> {
    fields.iter().map(|field| value(row, field.id)).collect()
}

/// A snapshot.
#[derive(Debug, Clone)]
pub(crate) struct Version {
    pub(crate) kind: CommitKind,
    pub(crate) fields: Vec<Field>,
    pub(crate) before: State,
    pub(crate) after: State,
    /// What was written, where the snapshot is one that adds rows.
    pub(crate) changes: Vec<Change>,
    /// What went before that.
    pub(crate) replaced: Replaced,
    /// Whether rows came.
    pub(crate) brings: bool,
}

/// A table with its whole history.
#[derive(Debug)]
pub(crate) struct Model {
    pub(crate) rules: Rules,
    pub(crate) fields: Vec<Field>,
    highest_id: i32,
    pub(crate) state: State,
    pub(crate) versions: BTreeMap<i64, Version>,
    pub(crate) tags: BTreeMap<String, Version>,
    /// The newest snapshot, also when it has expired here.
    pub(crate) latest: i64,
}

impl Model {
    pub(crate) fn new(rules: Rules, fields: Vec<Field>) -> Self {
        let highest_id = fields.iter().map(|field| field.id).max().unwrap_or(0);
        Self {
            rules,
            fields,
            highest_id,
            state: State::default(),
            versions: BTreeMap::new(),
            tags: BTreeMap::new(),
            latest: 0,
        }
    }

    /// What the table is after this.
    pub(crate) fn next(&self, did: &Did) -> State {
        let mut next = self.state.clone();
        next.remove(&did.replaced);
        next.apply(self.rules, &did.changes);
        next
    }

    /// A snapshot was made.
    pub(crate) fn add_version(&mut self, id: i64, kind: CommitKind, after: State, did: &Did) {
        let before = std::mem::replace(&mut self.state, after.clone());
        let changes = if kind == CommitKind::Append { did.changes.clone() } else { Vec::new() };
        let brings = !did.changes.is_empty();
        let replaced = if kind == CommitKind::Overwrite { did.replaced.clone() } else { Replaced::Nothing };
        self.versions
            .insert(id, Version { kind, fields: self.fields.clone(), before, after, changes, replaced, brings });
        self.latest = id;
    }

    pub(crate) fn add_field(&mut self, name: String, kind: Kind) {
        self.highest_id += 1;
        self.fields.push(Field { id: self.highest_id, name, kind });
    }

    /// Snapshots before this one are gone.
    pub(crate) fn expire_before(&mut self, earliest: i64) {
        self.versions = self.versions.split_off(&earliest);
    }
}
