//! A history, run against a table and the model of it.

use std::{
    any::Any,
    cell::Cell,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    time::Duration,
};

use arrow_array::{Int8Array, RecordBatch};
use futures::TryStreamExt;
use tidelake_table::{
    CommitKind, CommitOutcome, Identifier, Overwrite, ReadFrom, SchemaChange, StreamStart, Table, TableWriter,
};
use tidelake_testing::{Random, Sim, SimIO};

use super::{
    op::{Alteration, Draft, From, Op, Replace},
    rows::{Test, batch, cells_of, row},
    shape::{Shape, type_of},
    table::{Change, Field, Kind, Model, PARTITION, Replaced, Row, SEQUENCE, State, Value, cells, is_retract, value},
};
use crate::world::World;

type Check<T = ()> = Result<T, String>;

/// Where a history went wrong, and how.
#[derive(Debug)]
pub(crate) struct Failure {
    /// Which operation; their number for what is looked at in the end.
    pub(crate) at: usize,
    pub(crate) message: String,
}

/// Runs a history; the same seed, shape and operations give the same.
pub(crate) fn run(seed: u64, shape: &Shape, ops: &[Op], planted: Option<&str>) -> Result<(), Failure> {
    let at = Cell::new(0);
    let ran = catch_unwind(AssertUnwindSafe(|| {
        let sim = Sim::new(seed);
        sim.run(async {
            let mut run = Run::new(&sim, shape, planted).await?;
            for (index, op) in ops.iter().enumerate() {
                at.set(index);
                run.apply(op).await?;
            }
            at.set(ops.len());
            run.finish().await
        })
    }));
    let message = match ran {
        Ok(Ok(())) => return Ok(()),
        Ok(Err(message)) => message,
        Err(panic) => format!("panicked: {}", words(panic)),
    };
    Err(Failure { at: at.get(), message })
}

fn words(panic: Box<dyn Any + Send>) -> String {
    match panic.downcast::<String>() {
        Ok(words) => *words,
        Err(panic) => panic.downcast_ref::<&str>().map_or_else(String::new, |words| (*words).to_owned()),
    }
}

struct Run<'r> {
    sim: &'r Sim,
    shape: &'r Shape,
    planted: Option<&'r str>,
    disk: SimIO,
    processes: u32,
    world: World,
    table: Table,
    model: Model,
    writer: Option<Writing>,
    /// The last number that was committed under a name.
    identifier: i64,
}

/// A writer, the columns it knows, and what it was given.
struct Writing {
    writer: TableWriter,
    fields: Vec<Field>,
    pending: Vec<Change>,
}

fn said<T, E: std::fmt::Display>(what: &str, answer: Result<T, E>) -> Check<T> {
    answer.map_err(|error| format!("{what}: {error}"))
}

fn equal<T: PartialEq + std::fmt::Debug>(what: impl FnOnce() -> String, there: &T, expected: &T) -> Check {
    match there == expected {
        true => Ok(()),
        false => Err(format!("{}\n     there: {there:?}\n  expected: {expected:?}", what())),
    }
}

impl<'r> Run<'r> {
    async fn new(sim: &'r Sim, shape: &'r Shape, planted: Option<&'r str>) -> Check<Self> {
        let disk = SimIO::local();
        let world = opened(sim, &disk, 0, planted).await?;
        said("creating the database", world.database().await)?;
        said("creating the table", world.create("t", &shape.schema()).await)?;
        let table = said("loading the table", world.table().await)?;
        let model = Model::new(shape.rules, shape.fields());
        Ok(Self { sim, shape, planted, disk, processes: 1, world, table, model, writer: None, identifier: 0 })
    }

    async fn apply(&mut self, op: &Op) -> Check {
        // So that no two snapshots are of one moment.
        self.sim.clock().advance(Duration::from_millis(3));
        match op {
            Op::Write(drafts) => self.write(drafts).await,
            Op::Commit { named, replace } => self.commit(*named, *replace).await,
            Op::Abandon => {
                if let Some(writing) = self.writer.take() {
                    writing.writer.abandon().await;
                }
                Ok(())
            }
            Op::Compact { full } => self.compact(*full).await,
            Op::Truncate => {
                let outcome = said("truncating", self.table.truncate().await)?;
                self.replaced(&outcome, &Replaced::Everything).await
            }
            Op::DropPartition(number) => self.drop_partition(*number).await,
            Op::Alter(alteration) => self.alter(*alteration).await,
            Op::Tag(_) | Op::DeleteTag(_) | Op::Expire { .. } => Ok(()),
            Op::Read { from, salt } => self.read(*from, *salt).await,
            Op::Follow { from, stop } => self.follow(*from, *stop).await,
            Op::Reopen => self.reopen().await,
        }
    }

    async fn reopen(&mut self) -> Check {
        self.writer = None;
        self.world = opened(self.sim, &self.disk, self.processes, self.planted).await?;
        self.processes += 1;
        self.table = said("loading the table", self.world.table().await)?;
        Ok(())
    }

    async fn write(&mut self, drafts: &[Draft]) -> Check {
        if self.writer.is_none() {
            let writer = said("opening a writer", self.table.writer().build())?;
            self.writer = Some(Writing { writer, fields: self.model.fields.clone(), pending: Vec::new() });
        }
        let Some(writing) = &mut self.writer else { return Ok(()) };
        let mut state = self.model.next(&Replaced::Nothing, &writing.pending);
        let mut changes = Vec::new();
        for draft in drafts {
            let deleted_at = |row: &Row| state.deleted_at(self.shape.rules, row);
            let row = row(draft, self.shape, &writing.fields, deleted_at);
            let kind = if self.shape.rules.key { draft.kind as i8 } else { 0 };
            state.apply(self.shape.rules, &[(kind, row.clone())]);
            changes.push((kind, row));
        }
        let rows: Vec<Row> = changes.iter().map(|(_, row)| row.clone()).collect();
        let kinds = Int8Array::from_iter_values(changes.iter().map(|(kind, _)| *kind));
        said("writing", writing.writer.write_kinds(batch(&rows, &writing.fields), &kinds).await)?;
        writing.pending.extend(changes);
        Ok(())
    }

    async fn commit(&mut self, named: bool, replace: Replace) -> Check {
        let Some(writing) = &mut self.writer else { return Ok(()) };
        let ignored = |change: &Change| self.shape.rules.ignore_delete && is_retract(change.0);
        let changes: Vec<Change> =
            std::mem::take(&mut writing.pending).into_iter().filter(|change| !ignored(change)).collect();
        let mut partitions: Vec<Value> = changes.iter().map(|(_, row)| value(row, PARTITION)).collect();
        partitions.sort();
        partitions.dedup();
        let (overwrite, replaced) = match replace {
            Replace::Nothing => (None, Replaced::Nothing),
            Replace::Whole => (Some(Overwrite::Whole), Replaced::Everything),
            Replace::Dynamic | Replace::Named if changes.is_empty() => (Some(Overwrite::Dynamic), Replaced::Nothing),
            Replace::Dynamic | Replace::Named if !self.shape.rules.partitioned => {
                (Some(Overwrite::Dynamic), Replaced::Everything)
            }
            Replace::Dynamic => (Some(Overwrite::Dynamic), Replaced::Partitions(partitions)),
            Replace::Named => {
                let specs = partitions.iter().map(|value| [("p".to_owned(), text(value))].into()).collect();
                (Some(Overwrite::Matching(specs)), Replaced::Partitions(partitions))
            }
        };
        if named || overwrite.is_some() {
            let committer = said("a committer", self.table.committer("u"))?;
            self.identifier += 1;
            let mut prepared = said("preparing a commit", writing.writer.prepare_commit(self.identifier).await)?;
            prepared.overwrite = overwrite.clone();
            let outcome = said("committing", committer.commit(prepared.clone()).await)?;
            let again = said("committing again", committer.commit(prepared).await)?;
            let both = (&outcome, &again);
            // Under a name a commit of nothing is one, too: it says how far its writer has come.
            let empty_overwrite = changes.is_empty() && overwrite.is_some();
            if !matches!(both, (CommitOutcome::Committed { .. }, CommitOutcome::AlreadyCommitted { .. }))
                && !(empty_overwrite && matches!(both, (CommitOutcome::Empty, CommitOutcome::Empty)))
            {
                return Err(format!("a commit ended {outcome:?}, and when repeated {again:?}"));
            }
        } else {
            let outcome = said("committing", writing.writer.commit().await)?;
            if changes.is_empty() != (outcome == CommitOutcome::Empty) {
                return Err(format!("a commit of {} rows ended {outcome:?}", changes.len()));
            }
        }
        let after = self.model.next(&replaced, &changes);
        self.observe(after, changes).await
    }

    /// A commit that wrote nothing and replaced something.
    async fn replaced(&mut self, _outcome: &CommitOutcome, replaced: &Replaced) -> Check {
        let after = self.model.next(replaced, &[]);
        self.observe(after, Vec::new()).await
    }

    async fn drop_partition(&mut self, number: u8) -> Check {
        if !self.shape.rules.partitioned {
            return Ok(());
        }
        let third = if self.shape.rules.key { Value::Text("c".to_owned()) } else { Value::Null };
        let partition =
            [Value::Text("a".to_owned()), Value::Text("b=/ü%".to_owned()), third][usize::from(number) % 3].clone();
        let spec = [("p".to_owned(), text(&partition))].into();
        let outcome = said("dropping a partition", self.table.drop_partitions(vec![spec]).await)?;
        self.replaced(&outcome, &Replaced::Partitions(vec![partition])).await
    }

    async fn compact(&mut self, full: bool) -> Check {
        if !self.shape.rules.key {
            return Ok(());
        }
        let compact = self.table.compact();
        let compact = if full { compact.full() } else { compact };
        let _ = said("compacting", compact.run().await)?;
        self.observe(self.model.state.clone(), Vec::new()).await
    }

    /// Takes the snapshots in that the last operation made; the first has its changes.
    async fn observe(&mut self, after: State, changes: Vec<Change>) -> Check {
        let latest = said("the latest snapshot", self.table.snapshots().latest_id().await)?.unwrap_or(0);
        let unchanged = after.table(&self.model.fields) == self.model.state.table(&self.model.fields);
        if latest <= self.model.latest && !unchanged {
            return Err(format!("a commit changed rows, but snapshot {latest} is the latest still"));
        }
        for id in self.model.latest + 1..=latest {
            let kind = said("a new snapshot", self.table.snapshots().load(id).await)?.commit_kind;
            let changes = if kind == CommitKind::Append { changes.clone() } else { Vec::new() };
            self.model.add_version(id, kind, after.clone(), changes);
        }
        Ok(())
    }

    async fn alter(&mut self, alteration: Alteration) -> Check {
        let free: Vec<String> = ["v", "t", "c0", "c1", "c2"]
            .into_iter()
            .filter(|name| self.model.fields.iter().all(|field| field.name != *name))
            .map(str::to_owned)
            .collect();
        let movable: Vec<usize> =
            (0..self.model.fields.len()).filter(|at| self.model.fields[*at].id > SEQUENCE).collect();
        let pick = |byte: u8, count: usize| (count > 0).then(|| usize::from(byte) % count);
        let path = |name: &str| vec![name.to_owned()];
        let name_of = |model: &Model, at: usize| model.fields[at].name.clone();
        let change = match alteration {
            Alteration::Add(byte) => {
                let Some(name) = pick(byte, free.len()) else { return Ok(()) };
                let kind = [Kind::Int, Kind::Text, Kind::BigInt][usize::from(byte / 8) % 3];
                self.model.add_field(free[name].clone(), kind);
                SchemaChange::AddColumn {
                    path: path(&free[name]),
                    data_type: type_of(kind).nullable(),
                    comment: None,
                    default_value: None,
                    place: None,
                }
            }
            Alteration::Drop(byte) => {
                let Some(at) = pick(byte, movable.len()) else { return Ok(()) };
                SchemaChange::DropColumn { path: path(&self.model.fields.remove(movable[at]).name) }
            }
            Alteration::Rename(byte) => {
                let (Some(at), Some(name)) = (pick(byte, movable.len()), pick(byte / 8, free.len())) else {
                    return Ok(());
                };
                let old = name_of(&self.model, movable[at]);
                self.model.fields[movable[at]].name = free[name].clone();
                SchemaChange::RenameColumn { path: path(&old), name: free[name].clone() }
            }
            Alteration::Widen(byte) => {
                let ints: Vec<usize> =
                    movable.into_iter().filter(|at| self.model.fields[*at].kind == Kind::Int).collect();
                let Some(at) = pick(byte, ints.len()) else { return Ok(()) };
                self.model.fields[ints[at]].kind = Kind::BigInt;
                let data_type = type_of(Kind::BigInt).nullable();
                SchemaChange::SetType { path: path(&name_of(&self.model, ints[at])), data_type, keep_nullability: true }
            }
            Alteration::Trigger(byte) => SchemaChange::SetOption(
                "num-sorted-run.compaction-trigger".to_owned(),
                (2 + u32::from(byte) % 4).to_string(),
            ),
        };
        let identifier = said("a name", Identifier::new("db", "t"))?;
        said("altering", self.world.catalog.alter_table(&identifier, &[change]).await)?;
        self.table = said("loading the table", self.world.table().await)?;
        let there: Vec<_> = self
            .table
            .schema()
            .fields
            .iter()
            .map(|field| (field.id, field.name.clone(), field.data_type.kind.clone()))
            .collect();
        let expected: Vec<_> =
            self.model.fields.iter().map(|field| (field.id, field.name.clone(), type_of(field.kind))).collect();
        equal(|| "the columns".to_owned(), &there, &expected)
    }

    async fn read(&mut self, from: From, salt: u32) -> Check {
        let latest = || (None, self.model.fields.clone(), self.model.state.clone());
        let (from, fields, state) = match from {
            From::Latest => latest(),
            From::Snapshot(number) if !self.model.versions.is_empty() => {
                let number = usize::from(number) % self.model.versions.len();
                let (id, version) = self.model.versions.iter().nth(number).ok_or("no version")?;
                (Some(ReadFrom::Snapshot(*id)), version.fields.clone(), version.after.clone())
            }
            From::Tag(number) if !self.model.tags.is_empty() => {
                let number = usize::from(number) % self.model.tags.len();
                let (name, version) = self.model.tags.iter().nth(number).ok_or("no tag")?;
                (Some(ReadFrom::Tag(name.clone())), version.fields.clone(), version.after.clone())
            }
            _ => latest(),
        };
        self.check_read(from, &fields, &state, salt).await
    }

    /// `salt` 0 reads all columns of all rows.
    async fn check_read(&self, from: Option<ReadFrom>, fields: &[Field], state: &State, salt: u32) -> Check {
        let mut random = Random::new(salt.into());
        let mut scan = self.table.scan();
        if let Some(from) = &from {
            scan = scan.from(from.clone());
        }
        let (mut columns, mut test, mut limit) = (fields.to_vec(), None, None);
        if salt != 0 && random.per_mille(500) {
            columns.retain(|_| random.per_mille(500));
            if random.per_mille(500) {
                columns.reverse();
            }
            scan = scan.project(columns.iter().map(|field| field.name.clone()));
        }
        if salt != 0 && random.per_mille(600) {
            let drawn = Test::draw(&mut random, fields, 2);
            scan = scan.filter(drawn.filter());
            test = Some(drawn);
        }
        if salt != 0 && random.per_mille(200) {
            limit = Some(random.below(6));
            scan = scan.limit(limit.unwrap_or(0));
        }
        let what = || format!("reading {from:?}, columns {:?}, where {test:?}, limit {limit:?}", names(&columns));
        let batches: Vec<RecordBatch> = said("reading", said(&what(), scan.read().await)?.try_collect().await)
            .map_err(|error| format!("{}: {error}", what()))?;
        let mut there = Vec::new();
        for batch in &batches {
            there.extend(cells_of(batch, &columns)?);
        }
        there.sort();
        let mut expected: Vec<Vec<Value>> = state
            .rows()
            .filter(|row| test.as_ref().is_none_or(|test| test.holds(row)))
            .map(|row| cells(row, &columns))
            .collect();
        expected.sort();
        let Some(limit) = limit else {
            return match there == expected {
                true => Ok(()),
                false => Err(format!("{}{}", what(), difference(&there, &expected))),
            };
        };
        equal(what, &there.len(), &expected.len().min(limit as usize))?;
        for row in there {
            match expected.iter().position(|other| *other == row) {
                Some(at) => drop(expected.swap_remove(at)),
                None => return Err(format!("{}: the row {row:?} is not of the table, or came twice", what())),
            }
        }
        Ok(())
    }

    async fn follow(&self, from: u8, stop: u8) -> Check {
        let Some((&earliest, _)) = self.model.versions.first_key_value() else { return Ok(()) };
        let start = earliest + i64::from(from) % (self.model.latest - earliest + 2);
        let fields = match self.model.versions.get(&start) {
            Some(version) => version.fields.clone(),
            None => self.model.fields.clone(),
        };
        let what = || format!("following from snapshot {start}");
        let builder = || self.table.stream(StreamStart::FromSnapshot(start));
        let mut stream = said(&what(), builder().build().await)?;
        let there: Vec<i32> = stream.fields().iter().map(|field| field.id).collect();
        equal(what, &there, &fields.iter().map(|field| field.id).collect())?;
        let mut stop = stop % 8;
        let mut after = start - 1;
        while let Some(plan) = self.world.lake.runtime().timeout(Duration::from_millis(4), stream.try_next()).await {
            let plan = said(&what(), plan)?.ok_or("a stream ended")?;
            let id = plan.snapshot_id.ok_or("a plan of no snapshot")?;
            let mut changes = Vec::new();
            let mut batches = plan.changes;
            while let Some(batch) = said(&what(), batches.try_next().await)? {
                for (row, kind) in cells_of(&batch.rows, &fields)?.into_iter().zip(batch.kinds.values()) {
                    changes.push((*kind, fields.iter().map(|field| field.id).zip(row).collect::<Row>()));
                }
            }
            for skipped in after + 1..id {
                self.check_changes(skipped, Vec::new(), &fields)?;
            }
            self.check_changes(id, changes, &fields)?;
            after = id;
            if stop == 0 {
                stream = said("resuming", builder().resume(plan.checkpoint).build().await)?;
            }
            stop = stop.wrapping_sub(1);
        }
        for skipped in after + 1..=self.model.latest {
            self.check_changes(skipped, Vec::new(), &fields)?;
        }
        Ok(())
    }

    /// What a stream shows of a snapshot.
    fn check_changes(&self, id: i64, mut there: Vec<Change>, fields: &[Field]) -> Check {
        let what = || format!("the changes of snapshot {id}");
        let Some(version) = self.model.versions.get(&id) else { return Err(format!("{}: there is no such", what())) };
        if self.shape.rules.key && !self.shape.input_changelog {
            if version.kind != CommitKind::Append {
                return equal(what, &there, &Vec::new());
            }
            let mut after = version.before.clone();
            after.apply(self.shape.rules, &there);
            return equal(what, &after.table(fields), &version.after.table(fields));
        }
        let mut expected: Vec<Change> = (version.changes.iter())
            .map(|(kind, row)| (*kind, fields.iter().map(|field| (field.id, value(row, field.id))).collect()))
            .collect();
        there.sort();
        expected.sort();
        equal(what, &there, &expected)
    }

    /// All that is kept is read, and an independent reader of the files is content.
    async fn finish(&mut self) -> Check {
        if let Some(writing) = self.writer.take() {
            writing.writer.abandon().await;
        }
        self.check_read(None, &self.model.fields, &self.model.state, 0).await?;
        self.reopen().await?;
        for (id, version) in &self.model.versions {
            self.check_read(Some(ReadFrom::Snapshot(*id)), &version.fields, &version.after, 0).await?;
        }
        for (name, version) in &self.model.tags {
            self.check_read(Some(ReadFrom::Tag(name.clone())), &version.fields, &version.after, 0).await?;
        }
        self.follow(0, 3).await?;
        let report = tidelake_fsck::check_table(self.table.file_io(), self.table.location(), self.world.lake.runtime());
        equal(|| "what fsck finds".to_owned(), &said("fsck", report.await)?.problems, &Vec::new())
    }
}

async fn opened(sim: &Sim, disk: &SimIO, process: u32, planted: Option<&str>) -> Check<World> {
    let runtime = sim.runtime(&format!("process {process}"));
    if let Some(planted) = planted {
        runtime.set_canary(planted, true);
    }
    said("opening the lake", World::over(Arc::new(disk.clone()), runtime).await)
}

/// Of two sorted lists, what only one of them has.
fn difference<T: Ord + std::fmt::Debug>(there: &[T], expected: &[T]) -> String {
    let mut missing: Vec<&T> = expected.iter().collect();
    let mut surplus = Vec::new();
    for item in there {
        match missing.iter().position(|other| *other == item) {
            Some(at) => drop(missing.remove(at)),
            None => surplus.push(item),
        }
    }
    format!(": {} there, {} expected\n  missing: {missing:?}\n  surplus: {surplus:?}", there.len(), expected.len())
}

fn names(fields: &[Field]) -> Vec<&str> {
    fields.iter().map(|field| field.name.as_str()).collect()
}

fn text(partition: &Value) -> String {
    match partition {
        Value::Text(text) => text.clone(),
        _ => "__DEFAULT_PARTITION__".to_owned(),
    }
}
