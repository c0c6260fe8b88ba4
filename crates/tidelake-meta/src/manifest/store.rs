//! Reading and writing manifests and their lists.

use std::sync::Arc;

use bytes::Bytes;
use futures::future::try_join;
use indexmap::IndexMap;
use tidelake_format::{ColumnStatistics, FormatRegistry};
use tidelake_io::{FileIO, FilePath};
use tidelake_runtime::Runtime;
use tidelake_types::{BinaryRow, DataType, Options, Scalar};

use crate::{
    Error, FileKind, ManifestEntry, ManifestFileMeta, Result, SimpleStats, Snapshot, TableLayout,
    avro::{Codec, ContainerWriter, Encoder, Fault, Row, Shape, read_container},
    error::{corrupt, unsupported},
    options::{FILE_COMPRESSION_ZSTD_LEVEL, MANIFEST_COMPRESSION, MANIFEST_TARGET_FILE_SIZE},
};

use super::{
    cache::{Decoded, ManifestCache},
    entry::{ENTRY, read_entry, write_entry},
    list::{LIST, read_meta, write_meta},
    schemas,
};

/// Larger manifests and lists are refused unread.
const MANIFEST_BYTES_MAX: u64 = 1 << 30;
/// What a store's two caches hold, unless told otherwise.
const CACHE_BYTES: u64 = 64 << 20;
/// From this length on decoding is worth a hand-over to the compute pool.
const COMPUTE_BYTES: usize = 32 << 10;
/// How often a manifest being written is asked whether it is large enough.
const ROLL_CHECK_ENTRIES: usize = 1000;

/// Reads and writes manifests and their lists. Decoded ones are cached by name: they never change.
#[derive(Debug, Clone)]
pub struct ManifestStore {
    io: Arc<dyn FileIO>,
    layout: TableLayout,
    formats: FormatRegistry,
    runtime: Option<Runtime>,
    lists: Arc<ManifestCache<ManifestFileMeta>>,
    manifests: Arc<ManifestCache<ManifestEntry>>,
    partition_types: Arc<[DataType]>,
}

impl ManifestStore {
    /// For the table at `layout`, with a cache of its own; share the store to share the cache.
    pub fn new(io: Arc<dyn FileIO>, layout: TableLayout, formats: FormatRegistry) -> Self {
        let (lists, manifests) =
            (Arc::new(ManifestCache::new(CACHE_BYTES / 8)), Arc::new(ManifestCache::new(CACHE_BYTES)));
        Self { io, layout, formats, lists, manifests, runtime: None, partition_types: Arc::new([]) }
    }

    /// Large manifests are decoded on the compute pool; without it where they are asked for.
    pub fn with_runtime(self, runtime: Runtime) -> Self {
        Self { runtime: Some(runtime), ..self }
    }

    /// Makes partitions canonical while reading, so that those of writers that store nulls in another way are equal to
    /// ours (metadata spec 5.1). Without it they come as stored. Begins a cache of its own.
    pub fn with_partition_types(self, types: &[DataType]) -> Self {
        let fresh = Self::new(self.io, self.layout, self.formats);
        Self { partition_types: types.into(), runtime: self.runtime, ..fresh }
    }

    /// The manifests of a snapshot, the older ones first: those of its base and of its delta.
    pub async fn manifests_of(&self, snapshot: &Snapshot) -> Result<Vec<ManifestFileMeta>> {
        let base = self.read_list(&snapshot.base_manifest_list, snapshot.base_manifest_list_size);
        let delta = self.read_list(&snapshot.delta_manifest_list, snapshot.delta_manifest_list_size);
        let (base, delta) = try_join(base, delta).await?;
        Ok(base.iter().chain(delta.iter()).cloned().collect())
    }

    /// A manifest list by name; checked against `size_bytes` where the snapshot records it.
    pub async fn read_list(&self, name: &str, size_bytes: Option<u64>) -> Result<Arc<Vec<ManifestFileMeta>>> {
        let path = self.layout.manifest(name)?;
        let decoded = match self.lists.get(name) {
            Some(decoded) => decoded,
            None => {
                let bytes = self.io.read_all(&path, MANIFEST_BYTES_MAX).await?;
                let decoded = decode("manifest list", &path, &bytes, &LIST, read_meta, ManifestFileMeta::memory_bytes)?;
                self.lists.put(name, Arc::clone(&decoded));
                decoded
            }
        };
        match size_bytes {
            Some(recorded) if recorded != decoded.file_bytes => {
                let reason = format!("it has {} bytes, its snapshot says {recorded}", decoded.file_bytes);
                Err(corrupt("manifest list", &path, reason))
            }
            _ => Ok(Arc::clone(&decoded.values)),
        }
    }

    /// A manifest's entries; checked against what its list says of it (size, counts of adds and deletes).
    pub async fn read_manifest(&self, meta: &ManifestFileMeta) -> Result<Arc<Vec<ManifestEntry>>> {
        let path = self.layout.manifest(&meta.file_name)?;
        let decoded = match self.manifests.get(&meta.file_name) {
            Some(decoded) => decoded,
            None => {
                let bytes = self.io.read_all(&path, MANIFEST_BYTES_MAX).await?;
                let decoded = self.decode_manifest(&path, bytes).await?;
                self.manifests.put(&meta.file_name, Arc::clone(&decoded));
                decoded
            }
        };
        check_counts(meta, &decoded).map_err(|reason| corrupt("manifest", &path, reason))?;
        Ok(Arc::clone(&decoded.values))
    }

    async fn decode_manifest(&self, path: &FilePath, bytes: Bytes) -> Result<Arc<Decoded<ManifestEntry>>> {
        let (path, types) = (path.clone(), Arc::clone(&self.partition_types));
        let large = bytes.len() >= COMPUTE_BYTES;
        let job = move || {
            let read = |row: &mut Row<'_>| read_canonical_entry(row, &types);
            decode("manifest", &path, &bytes, &ENTRY, read, ManifestEntry::memory_bytes)
        };
        match &self.runtime {
            Some(runtime) if large => runtime.compute(job).await,
            _ => job(),
        }
    }

    /// Writes entries into one manifest or several (rolling at `manifest.target-file-size`), not synced. Partition
    /// statistics need the types of the partition columns. `options` has `manifest.compression` and the target size.
    ///
    /// After an error some of the files may be there; `names` has been asked for each of them.
    pub async fn write_manifests(
        &self,
        names: &mut (dyn FnMut() -> String + Send),
        entries: &[ManifestEntry],
        partition_types: &[DataType],
        options: &Options,
    ) -> Result<Vec<ManifestFileMeta>> {
        let codec = codec(options)?;
        let target_bytes = options.get(&MANIFEST_TARGET_FILE_SIZE)?.0;
        let late = entries.iter().any(|entry| entry.file.write_cols_sequences.is_some());
        let schema = if late { schemas::MANIFEST_LATE } else { schemas::MANIFEST };
        let mut metas = Vec::new();
        let mut rest = entries;
        while !rest.is_empty() {
            let name = names();
            let path = self.layout.manifest(&name)?;
            let mut writer = ContainerWriter::new(schema, codec, &name);
            let mut count = 0;
            for entry in rest {
                writer.record(|out| write_entry(out, entry, late)).map_err(|error| cannot_encode(&path, error))?;
                count += 1;
                if count % ROLL_CHECK_ENTRIES == 0 && writer.finished_bytes() >= target_bytes {
                    break;
                }
            }
            let (written, left) = rest.split_at(count);
            let bytes = writer.finish().map_err(|error| cannot_encode(&path, error))?;
            metas.push(describe(name, bytes.len() as u64, written, partition_types)?);
            self.write_file(&path, bytes).await?;
            rest = left;
        }
        Ok(metas)
    }

    /// Writes a list, not synced; gives its exact size in bytes.
    pub async fn write_list(&self, name: &str, manifests: &[ManifestFileMeta], options: &Options) -> Result<u64> {
        let path = self.layout.manifest(name)?;
        let late = manifests.iter().any(ManifestFileMeta::is_late);
        let mut writer =
            ContainerWriter::new(if late { schemas::LIST_LATE } else { schemas::LIST }, codec(options)?, name);
        let mut encode = |meta| writer.record(|out: &mut Encoder| write_meta(out, meta, late));
        manifests.iter().try_for_each(&mut encode).map_err(|error| cannot_encode(&path, error))?;
        let bytes = writer.finish().map_err(|error| cannot_encode(&path, error))?;
        let length = bytes.len() as u64;
        self.write_file(&path, bytes).await?;
        Ok(length)
    }

    async fn write_file(&self, path: &FilePath, bytes: Vec<u8>) -> Result<()> {
        let mut file = self.io.create(path).await?;
        file.write(Bytes::from(bytes)).await?;
        file.finish().await?;
        Ok(())
    }
}

fn read_canonical_entry(row: &mut Row<'_>, partition_types: &[DataType]) -> Result<ManifestEntry, Fault> {
    let mut entry = read_entry(row)?;
    if !partition_types.is_empty() {
        let canonical = entry.partition.canonical(partition_types);
        entry.partition = canonical.map_err(|error| Fault::Broken(format!("`_PARTITION`: {error}")))?;
    }
    Ok(entry)
}

fn decode<T>(
    what: &'static str,
    path: &FilePath,
    bytes: &[u8],
    shape: &Shape,
    read: impl FnMut(&mut Row<'_>) -> Result<T, Fault>,
    memory_bytes: impl Fn(&T) -> u64,
) -> Result<Arc<Decoded<T>>> {
    let values = match read_container(bytes, shape, read) {
        Ok(values) => values,
        Err(Fault::Broken(reason)) => return Err(corrupt(what, path, reason)),
        Err(Fault::Unsupported(reason)) => return unsupported(format!("{what} {path} cannot be read: {reason}")),
    };
    let memory_bytes = values.iter().map(memory_bytes).sum();
    Ok(Arc::new(Decoded { values: Arc::new(values), file_bytes: bytes.len() as u64, memory_bytes }))
}

fn check_counts(meta: &ManifestFileMeta, decoded: &Decoded<ManifestEntry>) -> Result<(), String> {
    let deleted = decoded.values.iter().filter(|entry| entry.kind == FileKind::Delete).count() as i64;
    let added = decoded.values.len() as i64 - deleted;
    for (what, here, recorded) in [
        ("bytes", decoded.file_bytes as i64, meta.file_size as i64),
        ("added files", added, meta.num_added_files),
        ("deleted files", deleted, meta.num_deleted_files),
    ] {
        if here != recorded {
            return Err(format!("it has {here} {what}, its list says {recorded}"));
        }
    }
    Ok(())
}

fn codec(options: &Options) -> Result<Codec> {
    Ok(match options.get(&MANIFEST_COMPRESSION)?.as_str() {
        "zstd" | "zstandard" => Codec::Zstandard(options.get(&FILE_COMPRESSION_ZSTD_LEVEL)?),
        "snappy" => Codec::Snappy,
        "deflate" => Codec::Deflate,
        "null" | "none" => Codec::Null,
        other => {
            let names = "zstd, snappy, deflate and null";
            return unsupported(format!(
                "manifests cannot be written with `{}` = `{other}`: use {names}",
                MANIFEST_COMPRESSION.name()
            ));
        }
    })
}

fn cannot_encode(path: &FilePath, error: std::io::Error) -> Error {
    tidelake_io::Error::backend(tidelake_io::ErrorKind::Internal, "encode", path, error).into()
}

/// What a list says of a manifest with these entries.
fn describe(
    file_name: String,
    file_size: u64,
    entries: &[ManifestEntry],
    partition_types: &[DataType],
) -> Result<ManifestFileMeta> {
    let deleted = entries.iter().filter(|entry| entry.kind == FileKind::Delete).count();
    let first_row_ids: Option<Vec<_>> =
        entries.iter().map(|entry| entry.file.first_row_id.map(|first| (first, entry.file.row_count))).collect();
    Ok(ManifestFileMeta {
        file_name,
        file_size,
        num_added_files: (entries.len() - deleted) as i64,
        num_deleted_files: deleted as i64,
        partition_stats: partition_stats(entries, partition_types)?,
        schema_id: entries.iter().map(|entry| entry.file.schema_id).max().unwrap_or_default(),
        min_bucket: entries.iter().map(|entry| entry.bucket).min(),
        max_bucket: entries.iter().map(|entry| entry.bucket).max(),
        min_level: entries.iter().map(|entry| entry.file.level).min(),
        max_level: entries.iter().map(|entry| entry.file.level).max(),
        min_row_id: first_row_ids.as_ref().and_then(|ids| ids.iter().map(|(first, _)| *first).min()),
        max_row_id: first_row_ids.as_ref().and_then(|ids| ids.iter().map(|(first, rows)| first + rows - 1).max()),
        total_buckets: None,
        extra_files: None,
    })
}

/// Bounds and null counts of the partition columns, an entry counting once. Each partition is decoded once.
fn partition_stats(entries: &[ManifestEntry], types: &[DataType]) -> Result<SimpleStats> {
    let mut partitions: IndexMap<&BinaryRow, i64> = IndexMap::new();
    for entry in entries {
        *partitions.entry(&entry.partition).or_default() += 1;
    }
    let mut columns = vec![ColumnStatistics { min: None, max: None, null_count: Some(0) }; types.len()];
    for (partition, count) in partitions {
        for (column, value) in columns.iter_mut().zip(partition.decode(types)?) {
            match value {
                None => column.null_count = column.null_count.map(|nulls| nulls + count),
                Some(value) => widen(column, value),
            }
        }
    }
    SimpleStats::build(types, &columns)
}

fn widen(column: &mut ColumnStatistics, value: Scalar) {
    let beyond =
        |bound: &Option<Scalar>, wanted| bound.as_ref().is_none_or(|bound| value.compare(bound) == Some(wanted));
    if beyond(&column.max, std::cmp::Ordering::Greater) {
        column.max = Some(value.clone());
    }
    if beyond(&column.min, std::cmp::Ordering::Less) {
        column.min = Some(value);
    }
}
