//! Small files of an append bucket become fewer and larger ones.
//!
//! In a bucket the order of rows counts, so only neighbours by sequence number are taken:
//!
//! ```text
//!  small files, oldest first    a b c d e f      enough of them (5): a b c d e ──► one file, in their order
//!                               A B c d e        twice the target size first: A will never be taken
//! ```

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use futures::TryStreamExt;
use tidelake_datafile::{
    BucketPlace, COMPACTION_SMALL_FILE_RATIO, CompactMode, DataFileWriter, FileContent, FileReadRequest, JobError,
    JobKind, JobResult, Produced, Result, TARGET_FILE_SIZE, TableFiles, Work,
};
use tidelake_meta::{DataFileMeta, DataFileNames, FileSource};
use tidelake_types::{Bytes64, OptionKey};

use crate::read_split;

/// How many small files make a compaction worth it.
pub const COMPACTION_MIN_FILE_NUM: OptionKey<i32> = OptionKey::new("compaction.min.file-num", || 5)
    .describe("Small files of an append table are compacted from so many on.");

/// A full compaction of fewer files is not worth it.
const FULL_FILES_MIN: usize = 3;
const BATCH_ROWS: usize = 8192;

/// When files of an append table are small, and how many are worth a compaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SmallFiles {
    /// Option `target-file-size`.
    pub target_bytes: u64,
    /// Smaller files are small.
    pub small_bytes: u64,
    /// So many are worth it.
    pub files_min: usize,
}

impl SmallFiles {
    /// As the options of a table say.
    pub fn try_new(files: &TableFiles) -> Result<Self> {
        let options = &files.schema.options;
        let target_bytes = options.get(&TARGET_FILE_SIZE)?.unwrap_or(Bytes64::mebi(256)).0;
        Ok(Self {
            target_bytes,
            small_bytes: (target_bytes as f64 * options.get(&COMPACTION_SMALL_FILE_RATIO)?) as u64,
            files_min: usize::try_from(options.get(&COMPACTION_MIN_FILE_NUM)?).unwrap_or_default().max(2),
        })
    }
}

/// The files of a bucket that may still be compacted, by their first sequence number.
#[derive(Debug)]
pub(crate) struct Candidates {
    rules: SmallFiles,
    files: BTreeMap<(i64, String), DataFileMeta>,
}

impl Candidates {
    pub(crate) fn new(rules: SmallFiles, files: Vec<DataFileMeta>) -> Self {
        let mut candidates = Self { rules, files: BTreeMap::new() };
        files.into_iter().for_each(|file| candidates.add(file));
        candidates
    }

    pub(crate) fn add(&mut self, file: DataFileMeta) {
        self.files.insert((file.min_sequence_number, file.file_name.clone()), file);
    }

    /// The last of the files that a compaction made may take part in another one.
    pub(crate) fn add_made(&mut self, made: &[DataFileMeta]) {
        if let Some(last) = made.last().filter(|file| file.file_size < self.rules.small_bytes) {
            self.add(last.clone());
        }
    }

    /// What to compact next. Files that are passed over are never looked at again.
    pub(crate) fn pick(&mut self, mode: CompactMode) -> Option<Vec<DataFileMeta>> {
        match mode {
            CompactMode::Auto => self.pick_neighbours(),
            CompactMode::Full => self.pick_all(),
        }
    }

    fn pick_neighbours(&mut self) -> Option<Vec<DataFileMeta>> {
        let mut window: VecDeque<DataFileMeta> = VecDeque::new();
        let mut bytes = 0;
        while let Some((_, file)) = self.files.pop_first() {
            bytes += file.file_size;
            window.push_back(file);
            if window.len() >= self.rules.files_min {
                return Some(window.into());
            }
            if bytes >= self.rules.target_bytes.saturating_mul(2) {
                bytes -= window.pop_front().map_or(0, |file| file.file_size);
            }
        }
        window.into_iter().for_each(|file| self.add(file));
        None
    }

    /// Everything after the first small file, unless most of it is large already.
    fn pick_all(&mut self) -> Option<Vec<DataFileMeta>> {
        if self.files.len() < FULL_FILES_MIN {
            return None;
        }
        let is_large = |file: &DataFileMeta| file.file_size >= self.rules.small_bytes;
        let files = std::mem::take(&mut self.files).into_values();
        let picked: Vec<DataFileMeta> = files.skip_while(is_large).collect();
        let large = picked.iter().filter(|file| is_large(file)).count();
        (picked.len() >= FULL_FILES_MIN && picked.len() - large > large).then_some(picked)
    }
}

/// Files of one bucket to be rewritten, in the order of their rows. It reads them and never touches them; what it wrote is
/// taken away if it fails.
#[derive(Debug)]
pub struct RewriteJob {
    /// The table.
    pub files: TableFiles,
    /// The bucket.
    pub place: BucketPlace,
    /// Of the new files.
    pub names: Arc<Mutex<DataFileNames>>,
    /// At least one.
    pub inputs: Vec<DataFileMeta>,
}

#[async_trait]
impl Work for RewriteJob {
    fn kind(&self) -> JobKind {
        JobKind::Compact
    }

    async fn run(self: Box<Self>) -> JobResult {
        let outcome = match self.rewrite().await {
            Ok(added) => Ok(Produced { added, removed: self.inputs, ..Produced::default() }),
            Err(error) => Err(error),
        };
        JobResult { kind: JobKind::Compact, outcome }
    }
}

impl RewriteJob {
    async fn rewrite(&self) -> Result<Vec<DataFileMeta>, JobError> {
        let failed = |error, left| JobError { error, rows: Vec::new(), left };
        let first_sequence = self.inputs.iter().map(|file| file.min_sequence_number).min().unwrap_or_default();
        let (files, place, names) = (self.files.clone(), self.place.clone(), Arc::clone(&self.names));
        let content = FileContent::Append { first_sequence };
        let mut writer = DataFileWriter::new(files, place, names, content, FileSource::Compact)
            .map_err(|error| failed(error, Vec::new()))?;
        if let Err(error) = self.copy(&mut writer).await {
            return Err(failed(error, writer.abort().await));
        }
        writer.finish().await.map_err(|error| failed(error, Vec::new()))
    }

    async fn copy(&self, writer: &mut DataFileWriter) -> Result<()> {
        let request = FileReadRequest {
            fields: self.files.schema.fields.clone(),
            predicate: None,
            wide_timestamps: true,
            batch_rows: BATCH_ROWS,
        };
        let mut rows = read_split(self.files.clone(), self.place.clone(), self.inputs.clone(), request);
        while let Some(batch) = rows.try_next().await? {
            writer.write(batch).await?;
        }
        Ok(())
    }
}

/// Which files of a partition without buckets are rewritten together: small ones, the smallest first, until they fill a file
/// twice or are enough.
pub fn pack_small_files(rules: SmallFiles, files: Vec<DataFileMeta>, open_file_bytes: u64) -> Vec<Vec<DataFileMeta>> {
    let mut small: Vec<DataFileMeta> = files.into_iter().filter(|file| file.file_size < rules.small_bytes).collect();
    small.sort_by_key(|file| (file.file_size, file.min_sequence_number));
    let (mut packs, mut pack, mut bytes) = (Vec::new(), Vec::new(), 0);
    for file in small {
        bytes += file.file_size + open_file_bytes;
        pack.push(file);
        if pack.len() > 1 && bytes >= rules.target_bytes.saturating_mul(2) {
            packs.push(std::mem::take(&mut pack));
            bytes = 0;
        }
    }
    if pack.len() >= rules.files_min {
        packs.push(pack);
    }
    for pack in &mut packs {
        pack.sort_by_key(|file| file.min_sequence_number);
    }
    packs
}

#[cfg(test)]
mod tests {
    use tidelake_meta::SimpleStats;
    use tidelake_types::BinaryRow;

    use super::*;

    fn file(sequence: i64, file_size: u64) -> DataFileMeta {
        DataFileMeta {
            file_name: format!("f{sequence}"),
            file_size,
            row_count: 1,
            min_key: BinaryRow::empty(),
            max_key: BinaryRow::empty(),
            key_stats: SimpleStats::empty(),
            value_stats: SimpleStats::empty(),
            min_sequence_number: sequence,
            max_sequence_number: sequence,
            schema_id: 0,
            level: 0,
            extra_files: Vec::new(),
            creation_time_ms: None,
            delete_row_count: Some(0),
            embedded_index: None,
            file_source: Some(FileSource::Append),
            value_stats_cols: None,
            external_path: None,
            first_row_id: None,
            write_cols: None,
            write_cols_sequences: None,
        }
    }

    const RULES: SmallFiles = SmallFiles { target_bytes: 100, small_bytes: 70, files_min: 3 };

    fn sizes(sizes: &[u64]) -> Vec<DataFileMeta> {
        sizes.iter().zip(0..).map(|(size, sequence)| file(sequence, *size)).collect()
    }

    fn places(files: &[DataFileMeta]) -> Vec<i64> {
        files.iter().map(|file| file.min_sequence_number).collect()
    }

    fn pick(mode: CompactMode, files: &[u64]) -> Option<Vec<i64>> {
        Candidates::new(RULES, sizes(files)).pick(mode).map(|files| places(&files))
    }

    #[test]
    fn neighbours_are_taken_as_soon_as_they_are_enough() {
        assert_eq!(pick(CompactMode::Auto, &[10, 10]), None);
        assert_eq!(pick(CompactMode::Auto, &[10, 10, 10, 10]), Some(vec![0, 1, 2]));
        // Two that fill a file twice: the first is passed over.
        assert_eq!(pick(CompactMode::Auto, &[150, 60, 10, 10]), Some(vec![1, 2, 3]));
        assert_eq!(pick(CompactMode::Auto, &[200, 200, 200]), None);
    }

    #[test]
    fn what_was_passed_over_is_not_looked_at_again_and_what_waits_is() {
        let mut candidates = Candidates::new(RULES, sizes(&[200, 10, 10]));
        assert_eq!(candidates.pick(CompactMode::Auto), None);
        candidates.add(file(3, 10));
        assert_eq!(candidates.pick(CompactMode::Auto).map(|files| places(&files)), Some(vec![1, 2, 3]));
        candidates.add_made(&[file(1, 100), file(2, 30)]);
        assert_eq!(candidates.files.len(), 1);
    }

    #[test]
    fn a_full_compaction_takes_all_from_the_first_small_file_on() {
        assert_eq!(pick(CompactMode::Full, &[90, 10, 80, 10]), Some(vec![1, 2, 3]));
        assert_eq!(pick(CompactMode::Full, &[10, 10]), None);
        assert_eq!(pick(CompactMode::Full, &[10, 90, 90]), None);
    }

    #[test]
    fn packs_are_of_the_smallest_files_first_and_in_the_order_of_rows() {
        let packs = |files: &[u64]| -> Vec<Vec<i64>> {
            pack_small_files(RULES, sizes(files), 40).iter().map(|pack| places(pack)).collect()
        };
        assert_eq!(packs(&[30, 20, 90, 10]), [[0, 1, 3]]);
        assert_eq!(packs(&[30, 20]), Vec::<Vec<i64>>::new());
        assert_eq!(packs(&[60, 65, 60, 20, 20, 60, 60]), [vec![0, 3, 4], vec![2, 5], vec![1, 6]]);
    }
}
