//! Does to a table, through Tidelake's library, what a history says.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use tidelake::{
    Catalog, CommitOutcome, CompactMode, CompactionOutcome, Identifier, Lake, Options, Overwrite, PartitionSpec,
    SchemaChange, Table, TableSchema, types::CanonicalReader,
};

use crate::answers::{changes_from_first, sorted, text};

use super::{Commit, Compact, Op, Result};

/// A warehouse as Tidelake has it open, and what of the histories it could not do.
#[derive(Debug)]
pub struct Player {
    lake: Lake,
    catalog: Arc<dyn Catalog>,
    skipped: Mutex<BTreeMap<String, usize>>,
}

impl Player {
    /// Opens a warehouse; its database `db` is made if need be.
    pub async fn open(lake: Lake, warehouse: &str) -> Result<Self> {
        let catalog = lake.open_catalog(&Options::from([("warehouse", warehouse)])).await.map_err(text)?;
        if !catalog.list_databases().await.map_err(text)?.iter().any(|name| name == "db") {
            catalog.create_database("db", &Options::new()).await.map_err(text)?;
        }
        Ok(Self { lake, catalog, skipped: Mutex::default() })
    }

    /// The lake.
    pub fn lake(&self) -> &Lake {
        &self.lake
    }

    /// What it left out, by kind, and how often.
    pub fn skipped(&self) -> BTreeMap<String, usize> {
        self.skipped.lock().expect("no test panics while it holds this").clone()
    }

    fn skip(&self, kind: &str) {
        *self.skipped.lock().expect("no test panics while it holds this").entry(kind.to_owned()).or_default() += 1;
    }

    /// Makes the table `db.NAME`.
    pub async fn create(&self, name: &str, schema: &TableSchema) -> Result<()> {
        let name = Identifier::parse(&format!("db.{name}")).map_err(text)?;
        self.catalog.create_table(&name, schema).await.map_err(text)?;
        Ok(())
    }

    /// The table `db.NAME` as it is now.
    pub async fn table(&self, name: &str) -> Result<Table> {
        self.lake.table(&self.catalog, &format!("db.{name}")).await.map_err(text)
    }

    /// Does one thing.
    pub async fn perform(&self, name: &str, op: &Op) -> Result<()> {
        match op {
            Op::Commit(commit) => self.commit(name, commit).await,
            Op::Alter { changes, .. } => {
                let changes = changes.iter().map(|words| SchemaChange::parse(words).map_err(text));
                self.alter(name, &changes.collect::<Result<Vec<_>>>()?).await
            }
            Op::Tag(tag) => {
                self.table(name).await?.create_tag(tag, None).await.map_err(text)?;
                Ok(())
            }
            Op::Other(kind) => {
                self.skip(kind);
                Ok(())
            }
        }
    }

    /// Changes the schema.
    pub async fn alter(&self, name: &str, changes: &[SchemaChange]) -> Result<()> {
        let name = Identifier::parse(&format!("db.{name}")).map_err(text)?;
        self.catalog.alter_table(&name, changes).await.map_err(text)?;
        Ok(())
    }

    async fn commit(&self, name: &str, commit: &Commit) -> Result<()> {
        let mut options: Options = commit.options.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
        match commit.compact {
            Compact::None => options.set("write-only", "true"),
            // Every compaction belongs to the commit that brought it about, as in the history.
            _ => options.set("commit.force-compact", "true"),
        }
        let table = self.table(name).await?.with_options(&options);
        let mut writer = table.writer();
        if let Some(spec) = &commit.overwrite {
            writer = writer.overwrite(overwrite(spec, &table));
        }
        let mut writer = writer.build().map_err(text)?;
        if !commit.rows.is_empty() {
            let rows = CanonicalReader::new(&table.schema().fields)
                .and_then(|reader| reader.read_text(&commit.rows.join("\n")))
                .map_err(text)?;
            match &rows.kinds {
                Some(kinds) => writer.write_kinds(rows.batch, kinds).await,
                None => writer.write(rows.batch).await,
            }
            .map_err(text)?;
        }
        let mode = match commit.compact {
            Compact::None | Compact::Auto => None,
            Compact::Minor => Some(CompactMode::Auto),
            Compact::Full => Some(CompactMode::Full),
        };
        if let Some(mode) = mode.filter(|_| has_buckets(&table)) {
            writer.compact(mode).await.map_err(text)?;
        }
        let mut prepared = writer.prepare_commit(commit.id).await.map_err(text)?;
        prepared.watermark = commit.watermark;
        match table.committer(&commit.user).map_err(text)?.commit(prepared).await.map_err(text)? {
            CommitOutcome::AlreadyCommitted { snapshot, .. } => {
                return Err(format!("commit {} of {} was taken to be snapshot {snapshot}", commit.id, commit.user));
            }
            CommitOutcome::Committed { compaction_dropped: Some(conflict), .. } => {
                return Err(format!("the compaction was given up: {conflict:?}"));
            }
            _ => {}
        }
        match mode {
            Some(_) if !has_buckets(&table) => self.compact(name, false).await,
            _ => Ok(()),
        }
    }

    /// Compacts the table as a commit of its own: what its options find worth it, or everything.
    pub async fn compact(&self, name: &str, full: bool) -> Result<()> {
        let compact = self.table(name).await?.compact();
        match (if full { compact.full() } else { compact }).run().await.map_err(text)? {
            CompactionOutcome::Dropped { conflict } => Err(format!("the compaction was given up: {conflict:?}")),
            _ => Ok(()),
        }
    }

    /// The number of the newest snapshot; 0 for none.
    pub async fn latest(&self, name: &str) -> Result<i64> {
        Ok(self.table(name).await?.snapshots().latest_id().await.map_err(text)?.unwrap_or(0))
    }

    /// All rows, as canonical lines sorted by their bytes.
    pub async fn rows(&self, name: &str) -> Result<Vec<String>> {
        let table = self.table(name).await?;
        sorted(&table, table.scan()).await
    }

    /// `$audit_log`, as canonical lines sorted by their bytes.
    pub async fn audit_log(&self, name: &str) -> Result<Vec<String>> {
        let table = self.table(name).await?;
        sorted(&table, table.scan().audit_log()).await
    }

    /// Rows with kinds in reading order and a line after each plan, from the first snapshot to the newest.
    pub async fn stream(&self, name: &str) -> Result<Vec<String>> {
        let table = self.table(name).await?;
        changes_from_first(&table).await
    }
}

/// Append tables without buckets are compacted on their own, never by who writes them.
fn has_buckets(table: &Table) -> bool {
    !table.schema().primary_keys.is_empty()
        || table.schema().options.text("bucket").is_some_and(|bucket| bucket != "-1")
}

/// What Java replaces: dynamically, the partitions that get rows, whatever partition is named.
fn overwrite(spec: &PartitionSpec, table: &Table) -> Overwrite {
    let schema = table.schema();
    let is_dynamic = schema.options.text("dynamic-partition-overwrite").is_none_or(|value| value == "true");
    match spec.is_empty() {
        _ if is_dynamic => Overwrite::Dynamic,
        true => Overwrite::Whole,
        false => Overwrite::Matching(vec![spec.clone()]),
    }
}
