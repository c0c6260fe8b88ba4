//! The commit protocol: see the crate's page for its steps.

use std::{borrow::Cow, sync::Arc, time::Duration};

use futures::{FutureExt, StreamExt, future::try_join, lock::Mutex, stream};
use indexmap::{IndexMap, IndexSet};
use tidelake_error::{Classify, ErrorKind};
use tidelake_io::{FileIO, FilePath};
use tidelake_meta::{
    CommitIdentity, CommitKind, ManifestEntry, ManifestFileMeta, ManifestStore, SchemaStore, Snapshot, SnapshotStore,
    TableLayout, TableSchema, live_entries,
};
use tidelake_runtime::Runtime;
use tidelake_types::DataType;

use crate::{
    COMMIT_MAX_RETRIES, COMMIT_MAX_RETRY_WAIT, COMMIT_MIN_RETRY_WAIT, COMMIT_TIMEOUT, CommitListener, CommitOutcome,
    Conflict, Error, PreparedCommit, Resolution, Result, SNAPSHOT_IGNORE_EMPTY_COMMIT, SnapshotCommit,
    attempt::{Half, Lists, publication},
    backoff::Backoff,
    conflict::{self, Rules},
    error::{
        ConflictingSnafu, ContendedSnafu, IdentifierSkippedSnafu, NoTableSnafu, NotStagedSnafu, OutsideOverwriteSnafu,
        SnapshotOverwrittenSnafu, UnsupportedSnafu,
    },
    history::{History, Own, Standing},
    merge::{MergeOptions, Merged, Merger},
    overwrite::Scope,
    publication::{Decision, Open},
    staged::{Names, Staged, WrittenList},
};

/// How many data files are looked at together.
const STATS_AT_ONCE: usize = 16;

/// The table that is committed to.
#[derive(Debug, Clone)]
pub struct CommitTable {
    /// Its storage.
    pub io: Arc<dyn FileIO>,
    /// Its paths.
    pub layout: TableLayout,
    /// Its schemas.
    pub schemas: SchemaStore,
    /// Its snapshots.
    pub snapshots: SnapshotStore,
    /// Its manifests; share the store with readers to share its cache.
    pub manifests: ManifestStore,
    /// What makes a snapshot exist: the catalog's choice.
    pub snapshot_commit: Arc<dyn SnapshotCommit>,
    /// The schema, with a call's options over its own.
    pub schema: Arc<TableSchema>,
}

/// Who commits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CommitUser {
    /// A name that belongs to one stream of ascending identifiers, over all its lives.
    Named(String),
    /// A name that nobody has used before, such as a new UUID: its past need not be searched.
    Fresh(String),
}

/// Turns prepared changes into snapshots. One for each user of a table; its calls take turns.
#[derive(Debug)]
pub struct Committer {
    table: CommitTable,
    user: String,
    runtime: Runtime,
    listeners: Vec<Arc<dyn CommitListener>>,
    names: Names,
    settings: Settings,
    state: Mutex<State>,
}

#[derive(Debug)]
struct Settings {
    timeout: Duration,
    max_retries: u32,
    min_wait: Duration,
    max_wait: Duration,
    ignore_empty: Option<bool>,
    merge: MergeOptions,
    partition_types: Vec<DataType>,
    key_types: Option<Vec<DataType>>,
}

#[derive(Debug)]
struct State {
    history: History,
    /// The newest snapshot made here, and its delta list: still there, or somebody overwrites snapshots.
    last: Option<(i64, String)>,
    /// Commits that ended with an unknown outcome, with the numbers they may appear under.
    open: Vec<(CommitIdentity, Vec<i64>)>,
}

/// How a half ended.
#[derive(Debug)]
enum HalfOutcome {
    Committed(Box<Snapshot>),
    Taken { snapshot: i64 },
}

impl Committer {
    /// For `user`, on `table`, by the options of its schema.
    ///
    /// # Errors
    ///
    /// An option that cannot be parsed.
    pub fn new(table: CommitTable, user: CommitUser, runtime: Runtime) -> Result<Self> {
        let options = &table.schema.options;
        let types = |fields: Vec<tidelake_types::DataField>| fields.into_iter().map(|field| field.data_type).collect();
        let settings = Settings {
            timeout: options.get(&COMMIT_TIMEOUT)?,
            max_retries: options.get(&COMMIT_MAX_RETRIES)?,
            min_wait: options.get(&COMMIT_MIN_RETRY_WAIT)?,
            max_wait: options.get(&COMMIT_MAX_RETRY_WAIT)?,
            ignore_empty: options.get_explicit(&SNAPSHOT_IGNORE_EMPTY_COMMIT)?,
            merge: MergeOptions::from_options(options)?,
            partition_types: types(table.schema.partition_fields()),
            key_types: table.schema.has_primary_key().then(|| types(table.schema.trimmed_primary_key_fields())),
        };
        let (user, fresh) = match user {
            CommitUser::Named(user) => (user, false),
            CommitUser::Fresh(user) => (user, true),
        };
        let history = History::new(user.clone(), fresh);
        let names = Names::new(runtime.ids().uuid());
        let state = Mutex::new(State { history, last: None, open: Vec::new() });
        Ok(Self { table, user, runtime, listeners: Vec::new(), names, settings, state })
    }

    /// Tells `listener` of each commit, after those added before it.
    pub fn with_listener(mut self, listener: Arc<dyn CommitListener>) -> Self {
        self.listeners.push(listener);
        self
    }

    /// The commit user.
    pub fn user(&self) -> &str {
        &self.user
    }

    /// Commits, exactly once whatever happens in between: first the rows, then their compaction.
    ///
    /// # Errors
    ///
    /// [`Error::OutcomeUnknown`] is ambiguous: find out with [`Self::resolve`], or call again with the same identifier. After
    /// every other error this half is not committed; calling again with the same identifier goes on where it ended.
    pub async fn commit(&self, mut prepared: PreparedCommit) -> Result<CommitOutcome> {
        let batch = prepared.identifier == PreparedCommit::BATCH;
        let ignore_empty = self.settings.ignore_empty.unwrap_or(batch);
        let no_rows = prepared.messages.iter().all(|message| message.increment.append.is_empty())
            && prepared.properties.is_empty();
        let replaced = self.scope(&prepared)?;
        let skip_rows = match (&prepared.overwrite, &replaced) {
            (None, _) => no_rows && ignore_empty,
            (Some(_), replaced) => replaced.is_none(),
        };
        let has_compaction = prepared.has_compaction();
        if skip_rows && !has_compaction {
            return Ok(CommitOutcome::Empty);
        }

        let mut state = self.state.lock().await;
        let mut unsynced = std::mem::take(&mut prepared.unsynced);
        let mut listener_failures = Vec::new();
        let (mut append, mut taken) = (None, None);
        if !skip_rows {
            match self
                .commit_half(
                    &mut state,
                    &Half::rows(&self.user, &prepared, replaced),
                    &unsynced,
                    &mut listener_failures,
                )
                .await?
            {
                HalfOutcome::Committed(snapshot) => {
                    append = Some(snapshot.id);
                    unsynced.clear();
                }
                HalfOutcome::Taken { snapshot } => taken = Some(snapshot),
            }
        }
        if !has_compaction {
            return Ok(match taken {
                Some(snapshot) => self.already(&state, prepared.identifier, snapshot),
                None => CommitOutcome::Committed { append, compact: None, compaction_dropped: None, listener_failures },
            });
        }
        let half = Half::compaction(&self.user, &prepared);
        let (compact, compaction_dropped) =
            match (self.commit_half(&mut state, &half, &unsynced, &mut listener_failures).await, taken) {
                (Ok(HalfOutcome::Committed(snapshot)), _) => (Some(snapshot.id), None),
                (Ok(HalfOutcome::Taken { snapshot }), taken) => {
                    return Ok(self.already(&state, prepared.identifier, taken.unwrap_or(snapshot)));
                }
                // The user went on without this compaction: its inputs may have been compacted otherwise since.
                (Err(Error::IdentifierSkipped { .. }), Some(snapshot)) => {
                    return Ok(self.already(&state, prepared.identifier, snapshot));
                }
                (Err(Error::Conflicting { conflict, .. }), _) if append.is_some() || taken.is_some() => {
                    (None, Some(*conflict))
                }
                (Err(error), _) => return Err(error),
            };
        Ok(CommitOutcome::Committed { append, compact, compaction_dropped, listener_failures })
    }

    /// What an overwrite replaces; its rows must lie within.
    fn scope(&self, prepared: &PreparedCommit) -> Result<Option<Scope>> {
        let Some(scope) = Scope::of(prepared, &self.table.schema)? else { return Ok(None) };
        for message in &prepared.messages {
            if !message.increment.append.removed.is_empty() {
                let message = "an overwrite finds by itself which files it replaces: its messages name none";
                return UnsupportedSnafu { message }.fail();
            }
            if !scope.holds(message.partition.as_row())? {
                let fields = self.table.schema.partition_fields();
                let partition = conflict::partition_text(message.partition.as_row(), &fields);
                return OutsideOverwriteSnafu { table: self.table_name(), partition }.fail();
            }
        }
        Ok(Some(scope))
    }

    /// What would come of this identifier, asked before rows are written for it: `None` if it is free, `AlreadyCommitted` if it
    /// is used.
    ///
    /// # Errors
    ///
    /// [`Error::IdentifierSkipped`] if the user has gone past it.
    pub async fn check(&self, identifier: i64) -> Result<Option<CommitOutcome>> {
        let mut state = self.state.lock().await;
        let latest = self.table.snapshots.latest().await?;
        let identity = CommitIdentity { user: self.user.clone(), identifier, kind: CommitKind::Append };
        let snapshot = self.standing(&mut state, &identity, latest.as_ref()).await?;
        Ok(snapshot.map(|snapshot| self.already(&state, identifier, snapshot)))
    }

    /// For a stream that resumes, once, before its first commit: what of `pending` (identifiers ascending) is missing. Of a
    /// commit whose rows are in and whose compaction is not, the compaction.
    pub async fn filter_committed(&self, pending: Vec<PreparedCommit>) -> Result<Vec<PreparedCommit>> {
        let mut state = self.state.lock().await;
        let latest = self.table.snapshots.latest().await?;
        state.history.catch_up(latest.as_ref(), &self.table.snapshots).await?;
        let Some(newest) = state.history.newest() else { return Ok(pending) };
        let missing = |prepared: PreparedCommit| match prepared.identifier.cmp(&newest.identifier) {
            std::cmp::Ordering::Less => None,
            std::cmp::Ordering::Greater => Some(prepared),
            std::cmp::Ordering::Equal => {
                (newest.kind != CommitKind::Compact && prepared.has_compaction()).then(|| prepared.into_compaction())
            }
        };
        Ok(pending.into_iter().filter_map(missing).collect())
    }

    /// What became of a commit that ended in [`Error::OutcomeUnknown`]. Harmless to ask twice.
    pub async fn resolve(&self, identity: &CommitIdentity) -> Result<Resolution> {
        let mut state = self.state.lock().await;
        let latest = self.table.snapshots.latest().await?;
        let history = match identity.user == self.user {
            true => &mut state.history,
            false => &mut History::new(identity.user.clone(), false),
        };
        history.catch_up(latest.as_ref(), &self.table.snapshots).await?;
        let from = latest.as_ref().map_or(0, |latest| latest.id);
        let found =
            history.find(identity.identifier, from, &self.table.snapshots, |kind| kind == identity.kind).await?;
        if let Some(Own { snapshot, .. }) = found.filter(|found| found.kind == identity.kind) {
            state.open.retain(|(open, _)| open != identity);
            return Ok(Resolution::Committed { snapshot });
        }
        // Only who knows the numbers can tell that none of them is left.
        let candidates = state.open.iter().find(|(open, _)| open == identity).map(|(_, candidates)| candidates);
        Ok(match candidates {
            Some(candidates) if candidates.iter().all(|candidate| *candidate <= from) => Resolution::NotCommitted,
            _ => Resolution::Undecided,
        })
    }

    /// The snapshot that has this identity, if one has; an error if it was skipped.
    async fn standing(
        &self,
        state: &mut State,
        identity: &CommitIdentity,
        latest: Option<&Snapshot>,
    ) -> Result<Option<i64>> {
        let snapshots = &self.table.snapshots;
        state.history.catch_up(latest, snapshots).await?;
        match state.history.standing(identity, snapshots).await? {
            Standing::Free => Ok(None),
            Standing::Taken { snapshot } => Ok(Some(snapshot)),
            Standing::Skipped(newest) => IdentifierSkippedSnafu {
                table: self.table_name(),
                user: state.history.user(),
                identifier: identity.identifier,
                latest_identifier: newest.identifier,
                snapshot: newest.snapshot,
            }
            .fail(),
        }
    }

    fn already(&self, state: &State, identifier: i64, snapshot: i64) -> CommitOutcome {
        let latest_identifier = state.history.newest().map_or(identifier, |newest| newest.identifier);
        CommitOutcome::AlreadyCommitted { latest_identifier, snapshot }
    }

    /// Attempts until one wins, and cleans up after those that certainly did not.
    async fn commit_half(
        &self,
        state: &mut State,
        half: &Half,
        unsynced: &[FilePath],
        listener_failures: &mut Vec<String>,
    ) -> Result<HalfOutcome> {
        let mut work = Work::new(self, half, unsynced);
        match work.run(state).await {
            Ok(HalfOutcome::Committed(snapshot)) => {
                let used = work.used_names();
                work.staged.discard_except(&used).await;
                self.after_commit(state, &work, &snapshot, listener_failures).await;
                Ok(HalfOutcome::Committed(snapshot))
            }
            Err(error @ Error::OutcomeUnknown { .. }) => {
                if let Error::OutcomeUnknown { candidate_ids, .. } = &error {
                    state.open.push((half.identity.clone(), candidate_ids.clone()));
                }
                if self.runtime.canary("commit.discard-when-unknown") {
                    work.staged.discard_all().await;
                }
                Err(error)
            }
            Err(error) if error.may_have_taken_effect() && matches!(error, Error::Catalog { .. }) => Err(error),
            ended => {
                work.staged.discard_all().await;
                ended
            }
        }
    }

    /// Everything that may fail without harm: the commit stands.
    async fn after_commit(
        &self,
        state: &mut State,
        work: &Work<'_>,
        snapshot: &Snapshot,
        listener_failures: &mut Vec<String>,
    ) {
        state.history.made(snapshot);
        state.last = Some((snapshot.id, snapshot.delta_manifest_list.clone()));
        state.open.retain(|(open, _)| *open != work.half.identity);
        if !self.runtime.buggify("commit.no-hints") {
            let earliest = (snapshot.id == 1).then_some(1);
            let _ = self.table.snapshots.write_hints(snapshot.id, earliest).await;
        }
        for listener in &self.listeners {
            if let Err(error) = listener.committed(snapshot, &work.changes).await {
                listener_failures.push(error.to_string());
            }
        }
    }

    fn table_name(&self) -> String {
        self.table.layout.root().to_string()
    }
}

/// One half on its way, over all its attempts. What depends on the changes alone is written once.
#[derive(Debug)]
struct Work<'c> {
    committer: &'c Committer,
    half: &'c Half,
    /// Of the half, after what an overwrite deletes of the base at hand.
    changes: Cow<'c, [ManifestEntry]>,
    unsynced: &'c [FilePath],
    /// Whether the data files were looked at.
    checked: bool,
    staged: Staged<'c>,
    delta: Option<WrittenList>,
    changelog: Option<WrittenList>,
    /// Of the attempt at hand.
    base: Option<WrittenList>,
    merged: Merged,
}

impl<'c> Work<'c> {
    fn new(committer: &'c Committer, half: &'c Half, unsynced: &'c [FilePath]) -> Self {
        let staged = Staged::new(&committer.table.io, &committer.table.layout, &committer.names);
        let merged = Merged::default();
        Self {
            committer,
            half,
            changes: Cow::Borrowed(&half.changes),
            unsynced,
            checked: false,
            staged,
            delta: None,
            changelog: None,
            base: None,
            merged,
        }
    }

    async fn run(&mut self, state: &mut State) -> Result<HalfOutcome> {
        let Committer { table, runtime, settings, .. } = self.committer;
        let deadline = Deadline::new(runtime, settings);
        let mut backoff = deadline.race_backoff();
        let mut attempts = 0;
        loop {
            let base_read_ns = runtime.clock().monotonic_ns();
            let (base, schema) = try_join(table.snapshots.latest(), table.schemas.latest()).await?;
            let schema = match schema {
                Some(schema) => schema,
                None => return NoTableSnafu { table: self.committer.table_name() }.fail(),
            };
            self.check_chain(state, base.as_ref())?;
            if let Some(taken) = self.standing(state, base.as_ref()).await? {
                return Ok(taken);
            }
            let publication = match self.build_on(base.as_ref(), &schema).await {
                Ok(publication) => publication,
                // The base was the latest, and has expired while it was read.
                Err(error) if self.has_expired(base.as_ref(), &error).await? => {
                    self.discard_attempt().await;
                    attempts += 1;
                    match deadline.passed() {
                        true => return Err(error),
                        false => continue,
                    }
                }
                Err(error) => return Err(error),
            };
            let delta = self.delta.as_ref().map_or(&[][..], |list| &list.manifests);
            let open = Open { publication: &publication, delta, changes: &self.changes };
            attempts += 1;
            match open.decide(table, &deadline, base_read_ns).await? {
                Decision::Committed => return Ok(HalfOutcome::Committed(Box::new(publication.snapshot))),
                Decision::LostRace => self.discard_attempt().await,
            }
            if deadline.passed() || attempts > settings.max_retries {
                return ContendedSnafu {
                    table: self.committer.table_name(),
                    user: &self.half.identity.user,
                    identifier: self.half.identity.identifier,
                    attempts,
                    waited_ms: deadline.waited_ms(),
                }
                .fail();
            }
            let wait = backoff.next(runtime.ids().random_u64());
            runtime.clock().sleep(wait).await;
        }
    }

    async fn build_on(&mut self, base: Option<&Snapshot>, schema: &TableSchema) -> Result<crate::SnapshotPublication> {
        if self.half.needs_check() {
            self.check_conflicts(base).await?;
        }
        self.prepare(base, schema).await
    }

    async fn has_expired(&self, base: Option<&Snapshot>, error: &Error) -> Result<bool> {
        match base {
            Some(base) => Ok(self.committer.table.snapshots.has_expired(base.id, error).await?),
            None => Ok(false),
        }
    }

    /// The snapshot we made last is still the one we made.
    fn check_chain(&self, state: &State, base: Option<&Snapshot>) -> Result<()> {
        match (&state.last, base) {
            (Some((id, delta)), Some(base)) if *id == base.id && *delta != base.delta_manifest_list => {
                SnapshotOverwrittenSnafu { table: self.committer.table_name(), id: *id }.fail()
            }
            _ => Ok(()),
        }
    }

    async fn standing(&self, state: &mut State, base: Option<&Snapshot>) -> Result<Option<HalfOutcome>> {
        if self.committer.runtime.canary("commit.forget-history") {
            return Ok(None);
        }
        let taken = self.committer.standing(state, &self.half.identity, base).await?;
        Ok(taken.map(|snapshot| HalfOutcome::Taken { snapshot }))
    }

    /// Against the files alive in the partitions that change; those that an overwrite replaces become part of the changes.
    async fn check_conflicts(&mut self, base: Option<&Snapshot>) -> Result<()> {
        let Committer { table, settings, .. } = self.committer;
        let partition_fields = table.schema.partition_fields();
        let half = self.half;
        let changed: IndexSet<&tidelake_types::BinaryRow> = half.changes.iter().map(|entry| &entry.partition).collect();
        // What it replaces is looked for among all files: its own partitions are among them.
        let concerns = |entry: &&ManifestEntry| half.replaced.is_some() || changed.contains(&entry.partition);
        let mut entries: Vec<ManifestEntry> = Vec::new();
        for manifest in self.base_manifests(base).await? {
            let read = table.manifests.read_manifest(&manifest).await?;
            entries.extend(read.iter().filter(concerns).cloned());
        }
        let alive = live_entries(entries);
        if let Some(scope) = &half.replaced {
            self.refuse_indexes(scope, base)?;
            let mut changes = scope.deletes(&alive)?;
            changes.extend_from_slice(&half.changes);
            self.changes = Cow::Owned(changes);
        }
        let rules = Rules {
            partition_fields: &partition_fields,
            key_types: settings.key_types.as_deref(),
            overwrite: half.identity.kind == CommitKind::Overwrite,
        };
        match conflict::check(&alive, &self.changes, &rules)? {
            None => Ok(()),
            Some(conflict) => self.conflicting(base, conflict),
        }
    }

    /// Of an index manifest nothing but the whole can be taken away.
    fn refuse_indexes(&self, scope: &Scope, base: Option<&Snapshot>) -> Result<()> {
        match base.and_then(|base| base.index_manifest.as_ref()) {
            Some(name) if !matches!(scope, Scope::Whole) => {
                let table = self.committer.table_name();
                let message = format!(
                    "{table} has index files ({name}), so its partitions cannot be overwritten one by one yet: only the whole table"
                );
                UnsupportedSnafu { message }.fail()
            }
            _ => Ok(()),
        }
    }

    fn conflicting(&self, base: Option<&Snapshot>, conflict: Conflict) -> Result<()> {
        ConflictingSnafu {
            table: self.committer.table_name(),
            user: &self.half.identity.user,
            identifier: self.half.identity.identifier,
            base: base.map_or(0, |base| base.id),
            conflict: Box::new(conflict),
        }
        .fail()
    }

    /// All manifests of the base: its base and its delta.
    async fn base_manifests(&self, base: Option<&Snapshot>) -> Result<Vec<ManifestFileMeta>> {
        match base {
            Some(base) => Ok(self.committer.table.manifests.manifests_of(base).await?),
            None => Ok(Vec::new()),
        }
    }

    /// Writes what is missing, makes everything durable at once, and freezes the snapshot.
    async fn prepare(&mut self, base: Option<&Snapshot>, schema: &TableSchema) -> Result<crate::SnapshotPublication> {
        let committer = self.committer;
        if self.delta.is_none() {
            let changes = std::mem::replace(&mut self.changes, Cow::Borrowed(&[]));
            let written = self.write_changes(&changes).await;
            self.changes = changes;
            self.delta = Some(written?);
        }
        if self.changelog.is_none() && !self.half.changelog.is_empty() {
            self.changelog = Some(self.write_changes(&self.half.changelog).await?);
        }
        let inputs = self.base_manifests(base).await?;
        let manifests = match self.merged.apply(&inputs) {
            Some(manifests) => manifests,
            None => {
                let merger = Merger {
                    store: &committer.table.manifests,
                    partition_types: &committer.settings.partition_types,
                    table_options: &committer.table.schema.options,
                    options: committer.settings.merge,
                    table: committer.table_name(),
                };
                self.merged = merger.merge(inputs, &mut self.staged).await?;
                self.merged.outputs().to_vec()
            }
        };
        let base_list = self.write_list(manifests).await?;
        self.check_staged().await?;
        if !committer.runtime.canary("commit.publish-unsynced") {
            self.staged.sync(self.unsynced).await?;
        }
        let now_ms = committer.runtime.clock().now_ms();
        let base_list = self.base.insert(base_list);
        let delta = self.delta.as_ref().expect("written above");
        let lists = Lists { base: base_list, delta, changelog: self.changelog.as_ref() };
        Ok(publication(self.half, &self.changes, base, schema, &lists, now_ms))
    }

    /// Whether the data files are there, as long as they were written: somebody may have taken one away since. Asked once.
    async fn check_staged(&mut self) -> Result<()> {
        if self.checked {
            return Ok(());
        }
        let io = &self.committer.table.io;
        let entries = self.half.changes.iter().chain(&self.half.changelog);
        let sizes: IndexMap<_, _> = entries.map(|entry| (&*entry.file.file_name, entry.file.file_size)).collect();
        let asked = self.unsynced.iter().map(|path| {
            let (io, path) = (Arc::clone(io), path.clone());
            async move { (io.stat(&path).await, path) }.boxed()
        });
        let mut answers = stream::iter(asked.collect::<Vec<_>>()).buffered(STATS_AT_ONCE);
        while let Some((answer, path)) = answers.next().await {
            let written = sizes.get(path.name()).copied();
            let reason = match answer {
                Ok(status) if written.is_none_or(|size| size == status.size_bytes) => continue,
                Ok(status) => {
                    format!("it has {} bytes, {} were written", status.size_bytes, written.unwrap_or_default())
                }
                Err(error) if error.kind() == ErrorKind::NotFound => "it is gone".to_owned(),
                Err(error) => return Err(error.into()),
            };
            return NotStagedSnafu { table: self.committer.table_name(), path: path.to_string(), reason }.fail();
        }
        self.checked = true;
        Ok(())
    }

    async fn write_changes(&mut self, entries: &[ManifestEntry]) -> Result<WrittenList> {
        let Committer { table, settings, .. } = self.committer;
        let mut manifests = Vec::new();
        if !entries.is_empty() {
            let mut names = || self.staged.new_manifest();
            manifests = table
                .manifests
                .write_manifests(&mut names, entries, &settings.partition_types, &table.schema.options)
                .await?;
            self.staged.written(manifests.iter().map(|manifest| manifest.file_name.as_str()));
        }
        self.write_list(manifests).await
    }

    async fn write_list(&mut self, manifests: Vec<ManifestFileMeta>) -> Result<WrittenList> {
        let table = &self.committer.table;
        let name = self.staged.new_list();
        let size_bytes = table.manifests.write_list(&name, &manifests, &table.schema.options).await?;
        self.staged.written([name.as_str()]);
        Ok(WrittenList { name, size_bytes, manifests })
    }

    /// The attempt is certainly lost: only what the next one can use stays.
    async fn discard_attempt(&mut self) {
        self.base = None;
        if self.half.replaced.is_some() {
            // Another base, other files to delete.
            self.delta = None;
        }
        let mut kept = self.used_names();
        kept.extend(self.merged.outputs().iter().map(|manifest| manifest.file_name.clone()));
        self.staged.discard_except(&kept).await;
    }

    /// Every file that the snapshot at hand names.
    fn used_names(&self) -> IndexSet<String> {
        let lists = [&self.base, &self.delta, &self.changelog];
        let names = |list: &WrittenList| {
            let manifests: Vec<String> = list.manifests.iter().map(|manifest| manifest.file_name.clone()).collect();
            std::iter::once(list.name.clone()).chain(manifests)
        };
        lists.into_iter().flatten().flat_map(names).collect()
    }
}

/// Until when a commit tries, and how it waits in between.
#[derive(Debug)]
pub(crate) struct Deadline<'c> {
    pub(crate) runtime: &'c Runtime,
    settings: &'c Settings,
    began_ns: u64,
}

/// Among rivals somebody always wins: waiting longer than this only starves.
const RACE_WAIT_MAX: Duration = Duration::from_millis(250);

impl<'c> Deadline<'c> {
    fn new(runtime: &'c Runtime, settings: &'c Settings) -> Self {
        Self { runtime, settings, began_ns: runtime.clock().monotonic_ns() }
    }

    pub(crate) fn since_ns(&self, moment_ns: u64) -> Duration {
        Duration::from_nanos(self.runtime.clock().monotonic_ns().saturating_sub(moment_ns))
    }

    pub(crate) fn left(&self) -> Duration {
        self.settings.timeout.saturating_sub(self.since_ns(self.began_ns))
    }

    pub(crate) fn passed(&self) -> bool {
        self.left().is_zero()
    }

    pub(crate) fn waited_ms(&self) -> u64 {
        u64::try_from(self.since_ns(self.began_ns).as_millis()).unwrap_or(u64::MAX)
    }

    pub(crate) fn storage_backoff(&self) -> Backoff {
        Backoff::new(self.settings.min_wait, self.settings.max_wait)
    }

    fn race_backoff(&self) -> Backoff {
        Backoff::new(self.settings.min_wait, self.settings.max_wait.min(RACE_WAIT_MAX))
    }
}
