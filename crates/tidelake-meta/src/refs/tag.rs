//! Kept snapshots (metadata spec 8.1).

use std::sync::Arc;

use bytes::Bytes;
use chrono::NaiveDate;
use serde_json::Value;
use tidelake_format::FormatRegistry;
use tidelake_io::FileIO;

use crate::{
    ManifestStore, Result, Snapshot, SnapshotStore, TableLayout,
    error::{NoTagSnafu, corrupt, invalid},
    json::JSON_BYTES_MAX,
    listing::{names_below, read_small},
    snapshot::Members,
};

/// A kept snapshot (metadata spec 8.1).
#[derive(Debug, Clone, PartialEq)]
pub struct Tag {
    /// Its name.
    pub name: String,
    /// The snapshot it keeps; readable even when the snapshot's own file is gone.
    pub snapshot: Snapshot,
    /// When it was made: local wall-clock milliseconds, only with a retention.
    pub create_time_ms: Option<i64>,
    /// How long it is kept, in milliseconds.
    pub time_retained_ms: Option<i64>,
}

/// Reads, lists and makes tags.
#[derive(Debug, Clone)]
pub struct TagStore {
    io: Arc<dyn FileIO>,
    layout: TableLayout,
}

impl Tag {
    /// From the bytes of its file: a snapshot's members, perhaps with a time and a retention. `path` is for errors.
    pub fn from_json(name: &str, bytes: &[u8], path: &str) -> Result<Self> {
        let members = Members::from_json(bytes, "tag", path)?;
        let read = |value: &Option<Value>, read: fn(&Value) -> Option<i64>, member: &str| match value {
            None => Ok(None),
            Some(value) => match read(value) {
                Some(read) => Ok(Some(read)),
                None => Err(corrupt("tag", path, format!("`{member}` is {value}"))),
            },
        };
        Ok(Self {
            name: name.to_owned(),
            create_time_ms: read(&members.tag_create_time, date_time_ms, "tagCreateTime")?,
            time_retained_ms: read(&members.tag_time_retained, seconds_ms, "tagTimeRetained")?,
            snapshot: members.into_snapshot("tag", path)?,
        })
    }
}

impl TagStore {
    /// For the table at `layout`.
    pub fn new(io: Arc<dyn FileIO>, layout: TableLayout) -> Self {
        Self { io, layout }
    }

    /// A tag by name; `NoTag` if it is not there.
    pub async fn load(&self, name: &str) -> Result<Tag> {
        match self.try_load(name).await? {
            Some(tag) => Ok(tag),
            None => NoTagSnafu { table: self.layout.root().to_string(), name }.fail(),
        }
    }

    /// As [`Self::load`], with `None` instead of an error.
    pub async fn try_load(&self, name: &str) -> Result<Option<Tag>> {
        let path = self.layout.tag(name)?;
        let bytes = read_small(&*self.io, &path, JSON_BYTES_MAX).await?;
        bytes.map(|bytes| Tag::from_json(name, &bytes, &path.to_string())).transpose()
    }

    /// All tags, by name.
    pub async fn list(&self) -> Result<Vec<Tag>> {
        let mut tags = Vec::new();
        for name in names_below(&*self.io, &self.layout.tag_dir()?, "tag-").await? {
            // One deleted since it was listed is none.
            tags.extend(self.try_load(&name).await?);
        }
        Ok(tags)
    }

    /// Keeps a snapshot under a name. The name must be new: checked, not guarded against a racing writer, as for every
    /// writer of the format.
    ///
    /// The tag is written first and then looked whether the snapshot is still there, with all its manifests. Expiry deletes
    /// the snapshot first and then looks for tags. So of a tag and an expiry at the same time one sees the other, and there
    /// is either the whole snapshot or no tag.
    pub async fn create(&self, name: &str, snapshot: &Snapshot) -> Result<()> {
        if name.trim().is_empty() || name.bytes().all(|byte| byte.is_ascii_digit()) {
            return invalid(format!(
                "`{name}` cannot be the name of a tag: it is blank or reads as a snapshot's number"
            ));
        }
        if self.try_load(name).await?.is_some() {
            return invalid(format!(
                "there is a tag `{name}` in {} already: delete it first, or take another name",
                self.layout.root()
            ));
        }
        let path = self.layout.tag(name)?;
        let content: Bytes = snapshot.to_json();
        self.io.overwrite(&path, content).await?;
        self.io.sync(std::slice::from_ref(&path)).await?;
        let whole = self.check_whole(snapshot).await;
        if whole.is_err() {
            self.io.delete(&path).await?;
            self.io.sync(std::slice::from_ref(&path)).await?;
        }
        whole
    }

    /// Takes a tag away; whether there was one. What it kept stays where it is.
    pub async fn delete(&self, name: &str) -> Result<bool> {
        if self.try_load(name).await?.is_none() {
            return Ok(false);
        }
        let path = self.layout.tag(name)?;
        self.io.delete(&path).await?;
        self.io.sync(&[path]).await?;
        Ok(true)
    }

    async fn check_whole(&self, snapshot: &Snapshot) -> Result<()> {
        let snapshots = SnapshotStore::new(Arc::clone(&self.io), self.layout.clone());
        let there = snapshots.load(snapshot.id).await?;
        if there.delta_manifest_list != snapshot.delta_manifest_list {
            return invalid(format!("snapshot {} was replaced by another meanwhile: try again", snapshot.id));
        }
        self.read_manifests(snapshot).await
    }

    async fn read_manifests(&self, snapshot: &Snapshot) -> Result<()> {
        let manifests = ManifestStore::new(Arc::clone(&self.io), self.layout.clone(), FormatRegistry::new());
        for meta in manifests.manifests_of(snapshot).await? {
            manifests.read_manifest(&meta).await?;
        }
        Ok(())
    }
}

/// `[2024, 5, 17, 8, 30, 15, 250000000]`: seconds and nanoseconds may be missing where they are 0.
fn date_time_ms(value: &Value) -> Option<i64> {
    let parts: Vec<u32> = value.as_array()?.iter().map(|part| part.as_u64()?.try_into().ok()).collect::<Option<_>>()?;
    let part = |index: usize| parts.get(index).copied();
    let date = NaiveDate::from_ymd_opt(part(0)?.try_into().ok()?, part(1)?, part(2)?)?;
    let time = date.and_hms_nano_opt(part(3)?, part(4)?, part(5).unwrap_or(0), part(6).unwrap_or(0))?;
    (parts.len() <= 7).then(|| time.and_utc().timestamp_millis())
}

/// `86400.000000000`, decimal seconds.
fn seconds_ms(value: &Value) -> Option<i64> {
    let Value::Number(number) = value else { return None };
    let text = number.to_string();
    let (seconds, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let millis: i64 = format!("{fraction:0<3}").get(..3)?.parse().ok()?;
    let seconds: i64 = seconds.parse().ok()?;
    seconds.checked_mul(1000)?.checked_add(if text.starts_with('-') { -millis } else { millis })
}
