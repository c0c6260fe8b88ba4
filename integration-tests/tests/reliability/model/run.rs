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
    Classify, CommitKind, CommitOutcome, CompactMode, ErrorKind, Identifier, Overwrite, ReadFrom, SchemaChange,
    StreamStart, Table, TableWriter,
};
use tidelake_testing::{Random, Sim, SimIO};

use super::{
    op::{Alteration, Draft, From, Op, Replace},
    rows::{Test, batch, cells_of, row},
    shape::{Changelog, Shape, type_of},
    table::{
        Change, Did, Field, Kind, Model, PARTITION, Replaced, Row, SEQUENCE, State, Value, cells, is_retract, value,
    },
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
            Op::Commit { named } => self.commit(*named).await,
            Op::Overwrite { named, replace, drafts } => self.overwrite(*named, *replace, drafts).await,
            Op::CompactWithin { full } => self.compact_within(*full).await,
            Op::Abandon => {
                if let Some(writing) = self.writer.take() {
                    writing.writer.abandon().await;
                }
                Ok(())
            }
            Op::Compact { full } => self.compact(*full).await,
            Op::Truncate => {
                let _ = said("truncating", self.table.truncate().await)?;
                self.observe(&Did::removed(Replaced::Everything)).await
            }
            Op::DropPartition(number) => self.drop_partition(*number).await,
            Op::Alter(alteration) => self.alter(*alteration).await,
            Op::Tag(number) => self.tag(*number).await,
            Op::DeleteTag(number) => self.delete_tag(*number).await,
            Op::Expire { keep, dry } => self.expire(*keep, *dry).await,
            Op::Read { from, salt } => self.read(*from, *salt).await,
            Op::Follow { from, stop } => self.follow(*from, *stop).await.map(drop),
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
        let mut state = self.model.next(&Did::wrote(writing.pending.clone()));
        let changes = changes_of(self.shape, drafts, &writing.fields, &mut state);
        said("writing", put(&mut writing.writer, &changes, &writing.fields).await)?;
        writing.pending.extend(changes);
        Ok(())
    }

    async fn commit(&mut self, named: bool) -> Check {
        let Some(mut writing) = self.writer.take() else { return Ok(()) };
        let changes = self.effective(std::mem::take(&mut writing.pending));
        let outcome = self.committed(&mut writing.writer, named).await?;
        self.writer = Some(writing);
        // Under a name a commit of nothing is one, too: it says how far its writer has come.
        if outcome == CommitOutcome::Empty && (named || !changes.is_empty()) {
            return Err(format!("a commit of {} rows ended {outcome:?}", changes.len()));
        }
        self.observe(&Did::wrote(changes)).await
    }

    /// What a table takes of what it is given.
    fn effective(&self, mut changes: Vec<Change>) -> Vec<Change> {
        changes.retain(|(kind, _)| !(self.shape.rules.ignore_delete && is_retract(*kind)));
        changes
    }

    /// Commits; under a name it is tried twice, to no further effect.
    async fn committed(&mut self, writer: &mut TableWriter, named: bool) -> Check<CommitOutcome> {
        if !named {
            return said("committing", writer.commit().await);
        }
        let committer = said("a committer", self.table.committer("u"))?;
        self.identifier += 1;
        let prepared = said("preparing a commit", writer.prepare_commit(self.identifier).await)?;
        let outcome = said("committing", committer.commit(prepared.clone()).await)?;
        let again = said("committing again", committer.commit(prepared).await)?;
        match (&outcome, &again) {
            (CommitOutcome::Committed { .. }, CommitOutcome::AlreadyCommitted { .. }) => Ok(outcome),
            // A compaction that was dropped is tried again, and dropped again.
            (CommitOutcome::Committed { .. }, CommitOutcome::Committed { append: None, .. }) => Ok(outcome),
            (CommitOutcome::Empty, CommitOutcome::Empty) => Ok(outcome),
            both => Err(format!("a commit and its repetition ended {both:?}")),
        }
    }

    async fn overwrite(&mut self, named: bool, replace: Replace, drafts: &[Draft]) -> Check {
        // Rows of two writers at once would be in no order.
        if self.writer.as_ref().is_some_and(|writing| !writing.pending.is_empty()) {
            self.commit(named).await?;
        }
        let fields = self.model.fields.clone();
        let effective = self.effective(changes_of(self.shape, drafts, &fields, &mut State::default()));
        let mut partitions: Vec<Value> = effective.iter().map(|(_, row)| value(row, PARTITION)).collect();
        partitions.sort();
        partitions.dedup();
        let partitioned = self.shape.rules.partitioned;
        let (overwrite, replaced) = match replace {
            Replace::Whole => (Overwrite::Whole, Replaced::Everything),
            _ if effective.is_empty() => (Overwrite::Dynamic, Replaced::Nothing),
            _ if !partitioned => (Overwrite::Dynamic, Replaced::Everything),
            Replace::Dynamic => (Overwrite::Dynamic, Replaced::Partitions(partitions)),
            Replace::Named => {
                let specs = partitions.iter().map(|value| [("p".to_owned(), text(value))].into()).collect();
                (Overwrite::Matching(specs), Replaced::Partitions(partitions))
            }
        };
        let mut state = self.model.next(&Did::removed(replaced.clone()));
        let changes = changes_of(self.shape, drafts, &fields, &mut state);
        let mut writer = said("a writer", self.table.writer().overwrite(overwrite).build())?;
        said("writing", put(&mut writer, &changes, &fields).await)?;
        let _ = self.committed(&mut writer, named).await?;
        self.observe(&Did { replaced, changes: self.effective(changes) }).await
    }

    async fn tag(&mut self, number: u8) -> Check {
        if self.model.versions.is_empty() {
            return Ok(());
        }
        let name = ["one", "two", "three"][usize::from(number) % 3];
        let at = usize::from(number / 3) % (self.model.versions.len() + 1);
        let id = self.model.versions.keys().nth(at).copied();
        let created = self.table.create_tag(name, id).await;
        if self.model.tags.contains_key(name) {
            return if created.is_err() { Ok(()) } else { Err(format!("the tag `{name}` was made twice")) };
        }
        said("tagging", created)?;
        let version = self.model.versions[&id.unwrap_or(self.model.latest)].clone();
        self.model.tags.insert(name.to_owned(), version);
        Ok(())
    }

    async fn delete_tag(&mut self, number: u8) -> Check {
        let Some(name) = self.model.tags.keys().nth(usize::from(number) % 3).cloned() else { return Ok(()) };
        let _ = said("deleting a tag", self.table.delete_tag(&name).await)?;
        self.model.tags.remove(&name);
        Ok(())
    }

    async fn expire(&mut self, keep: u8, dry: bool) -> Check {
        let expire = self.table.expire().retain_max(keep.into()).retain_min(1);
        let _ = said("expiring", if dry { expire.dry_run() } else { expire }.run().await)?;
        let before = self.model.versions.len();
        self.observe(&Did::nothing()).await?;
        let expected = if dry { before } else { before.min(keep.into()) };
        equal(|| format!("the snapshots after keeping {keep}"), &self.model.versions.len(), &expected)
    }

    async fn drop_partition(&mut self, number: u8) -> Check {
        if !self.shape.rules.partitioned {
            return Ok(());
        }
        let third = if self.shape.rules.key { Value::Text("c".to_owned()) } else { Value::Null };
        let partition =
            [Value::Text("a".to_owned()), Value::Text("b=/ü%".to_owned()), third][usize::from(number) % 3].clone();
        let spec = [("p".to_owned(), text(&partition))].into();
        let _ = said("dropping a partition", self.table.drop_partitions(vec![spec]).await)?;
        self.observe(&Did::removed(Replaced::Partitions(vec![partition]))).await
    }

    async fn compact(&mut self, full: bool) -> Check {
        let compact = self.table.compact();
        let compact = if full { compact.full() } else { compact };
        let _ = said("compacting", compact.run().await)?;
        self.observe(&Did::nothing()).await
    }

    async fn compact_within(&mut self, full: bool) -> Check {
        let Some(writing) = &mut self.writer else { return Ok(()) };
        match writing.writer.compact(if full { CompactMode::Full } else { CompactMode::Auto }).await {
            // `write-only`, or the columns are others by now.
            Err(error) if matches!(error.kind(), ErrorKind::Unsupported | ErrorKind::Conflict) => Ok(()),
            answer => said("compacting within a commit", answer),
        }
    }

    /// Takes in the snapshots that the last operation made, and those that went.
    async fn observe(&mut self, did: &Did) -> Check {
        let snapshots = self.table.snapshots();
        let latest = said("the latest snapshot", snapshots.latest_id().await)?.unwrap_or(0);
        let after = self.model.next(did);
        let unchanged = after.table(&self.model.fields) == self.model.state.table(&self.model.fields);
        if latest <= self.model.latest && !unchanged {
            return Err(format!("a commit changed rows, but snapshot {latest} is the latest still"));
        }
        for id in self.model.latest + 1..=latest {
            // It may have expired with the commit that made it.
            let snapshot = said("a new snapshot", snapshots.try_load(id).await)?;
            let kind = snapshot.map_or(CommitKind::Append, |snapshot| snapshot.commit_kind);
            self.model.add_version(id, kind, after.clone(), did);
        }
        let earliest = said("the earliest snapshot", snapshots.earliest_id().await)?.unwrap_or(0);
        self.model.expire_before(earliest);
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
            // Compaction forgets a dropped column: the changes before and after it would not add up.
            Alteration::Drop(_) if self.shape.changelog == Changelog::FullCompaction => return Ok(()),
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

    async fn follow(&self, from: u8, stop: u8) -> Check<Option<State>> {
        let Some((&earliest, _)) = self.model.versions.first_key_value() else { return Ok(None) };
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
        let mut emitted = (start == 1).then(State::default);
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
                self.check_changes(skipped, Vec::new(), &fields, &mut emitted)?;
            }
            self.check_changes(id, changes, &fields, &mut emitted)?;
            after = id;
            if stop == 0 {
                stream = said("resuming", builder().resume(plan.checkpoint).build().await)?;
            }
            stop = stop.wrapping_sub(1);
        }
        for skipped in after + 1..=self.model.latest {
            self.check_changes(skipped, Vec::new(), &fields, &mut emitted)?;
        }
        Ok(emitted)
    }

    /// What a stream shows of a snapshot. `emitted` is what all changes from the first on add up to, if that is known.
    fn check_changes(&self, id: i64, mut there: Vec<Change>, fields: &[Field], emitted: &mut Option<State>) -> Check {
        let what = || format!("the changes of snapshot {id}");
        let Some(version) = self.model.versions.get(&id) else { return Err(format!("{}: there is no such", what())) };
        let same = |there: &State, expected: &State| {
            let (there, expected) = (there.table(fields), expected.table(fields));
            let told = || format!("{}{}", what(), difference(&there, &expected));
            if there == expected { Ok(()) } else { Err(told()) }
        };
        match self.shape.changelog {
            Changelog::FullCompaction => {
                match emitted {
                    // Rows of an overwrite may be compacted before anything is told of them.
                    Some(_) if version.kind == CommitKind::Overwrite && version.brings => *emitted = None,
                    Some(emitted) => emitted.remove(&version.replaced),
                    None => {}
                }
                // When which bucket is compacted, and up to which commit, is not of the model: they add up in the end.
                return match emitted {
                    Some(emitted) => {
                        emitted.step(self.shape.rules, &there).map_err(|error| format!("{}: {error}", what()))
                    }
                    None => Ok(()),
                };
            }
            Changelog::None if self.shape.rules.key => {
                if version.kind != CommitKind::Append {
                    return equal(what, &there, &Vec::new());
                }
                let mut after = version.before.clone();
                after.apply(self.shape.rules, &there);
                return same(&after, &version.after);
            }
            Changelog::None | Changelog::Input => {}
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
        if self.shape.changelog == Changelog::FullCompaction {
            self.compact(true).await?;
        }
        let emitted = self.follow(0, 3).await?;
        if let Some(emitted) = emitted.filter(|_| self.shape.changelog == Changelog::FullCompaction) {
            let fields = &self.model.versions.first_key_value().ok_or("no version")?.1.fields;
            let (there, expected) = (emitted.table(fields), self.model.state.table(fields));
            if there != expected {
                return Err(format!("all changes together{}", difference(&there, &expected)));
            }
        }
        let report = tidelake_fsck::check_table(self.table.file_io(), self.table.location(), self.world.lake.runtime());
        equal(|| "what fsck finds".to_owned(), &said("fsck", report.await)?.problems, &Vec::new())
    }
}

/// The rows that drafts mean, after those in `state`.
fn changes_of(shape: &Shape, drafts: &[Draft], fields: &[Field], state: &mut State) -> Vec<Change> {
    let mut changes = Vec::new();
    for draft in drafts {
        let row = row(draft, shape, fields, |row| state.deleted_at(shape.rules, row));
        let change = (if shape.rules.key { draft.kind as i8 } else { 0 }, row);
        state.apply(shape.rules, std::slice::from_ref(&change));
        changes.push(change);
    }
    changes
}

async fn put(writer: &mut TableWriter, changes: &[Change], fields: &[Field]) -> tidelake_table::Result<()> {
    let rows: Vec<Row> = changes.iter().map(|(_, row)| row.clone()).collect();
    let kinds = Int8Array::from_iter_values(changes.iter().map(|(kind, _)| *kind));
    writer.write_kinds(batch(&rows, fields), &kinds).await
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
