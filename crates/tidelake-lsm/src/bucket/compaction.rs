//! The part of a bucket that compacts: what is next, and what became of it.

use std::sync::{Arc, Mutex};

use tidelake_datafile::{Bucket, BucketPlace, CompactMode, Job, JobError, Produced, TableFiles};
use tidelake_io::FilePath;
use tidelake_meta::{DataFileMeta, DataFileNames, FileSource, sections};

use super::{LsmBucket, out_of_numbers};
use crate::{
    CompactionStrategy, Decider, FullChangelog, Levels, Plain, Result,
    compact::{CompactJob, CompactionRules, plan},
    fault::{internal, unsupported},
    merge::planted,
    output::Destination,
};

/// All files of the bucket, and how they are compacted.
#[derive(Debug)]
pub(super) struct Tree {
    pub(super) levels: Levels,
    pub(super) rules: CompactionRules,
    /// A compaction is out.
    pub(super) compacting: bool,
}

impl LsmBucket {
    /// Tells a bucket, before anything else, of all the files it holds: from now on it can compact them. New rows are numbered
    /// after theirs. `Unsupported` or `InvalidInput` by option for tables that cannot be compacted; `Corrupt` if files of one
    /// level overlap.
    pub fn with_files(mut self, files: Vec<DataFileMeta>) -> Result<Self> {
        if self.place.bucket < 0 {
            return Err(unsupported(format!("{} waits for its buckets: its files form no tree", self.place.path)));
        }
        let rules = CompactionRules::try_new(&self.files.schema)?;
        let newest = files.iter().map(|file| file.max_sequence_number).max().unwrap_or(-1);
        let next = newest.checked_add(1).ok_or_else(|| out_of_numbers(&self.place))?;
        self.next_sequence = self.next_sequence.max(next);
        let keys = self.files.schema.trimmed_primary_key_fields();
        let levels = Levels::try_new(files, rules.num_levels, keys.into_iter().map(|key| key.data_type).collect())?;
        self.tree = Some(Tree { levels, rules, compacting: false });
        Ok(self)
    }

    /// Its files by level, flushed and compacted ones included; `None` if it was not told of them.
    pub fn levels(&self) -> Option<&Levels> {
        self.tree.as_ref().map(|tree| &tree.levels)
    }

    /// Compacts here and now, for who has nothing else to do with the bucket: until nothing is worth it any more, or once
    /// everything. Says whether anything was done; the changes come with [`Bucket::prepare_commit`]. After an error the bucket
    /// is as it was before the compaction that failed.
    pub async fn compact(&mut self, mode: CompactMode) -> Result<bool> {
        let mut is_done = false;
        while let Some(job) = self.compact_job(mode)? {
            let completed = self.complete(job.run().await);
            for path in self.take_obsolete() {
                if self.files.io.delete(&path).await.is_err() {
                    self.left.push(path);
                }
            }
            completed?;
            is_done = true;
            if mode == CompactMode::Full {
                break;
            }
        }
        Ok(is_done)
    }

    /// See [`Bucket::compact_job`].
    pub(super) fn next_compaction(&mut self, mode: CompactMode) -> Result<Option<Job>> {
        let Some(tree) = &mut self.tree else {
            return Err(internal(format!("{} is to be compacted and was not told of its files", self.place.path)));
        };
        if tree.compacting {
            return Ok(None);
        }
        let Some((job, is_full)) = compaction(tree, mode, &self.files, &self.place, &self.names)? else {
            return Ok(None);
        };
        if is_full && mode == CompactMode::Auto {
            tree.levels.note_full(self.files.runtime.clock().now_ms());
        }
        tree.compacting = true;
        Ok(Some(Box::new(job)))
    }

    /// Takes in what became of the compaction that is out.
    pub(super) fn complete_compaction(&mut self, outcome: Result<Produced, JobError>) -> Result<()> {
        let Some(tree) = self.tree.as_mut().filter(|tree| tree.compacting) else {
            return Err(internal(format!("no compaction of {} is out", self.place.path)));
        };
        tree.compacting = false;
        let mut outcome = outcome;
        if let Ok(produced) = &mut outcome
            && self.files.runtime.canary("lsm.lose-a-file")
        {
            produced.added.pop();
        }
        match outcome {
            Ok(produced) => match tree.levels.update(&produced.removed, &produced.added) {
                Ok(()) => {
                    self.note_compacted(produced);
                    Ok(())
                }
                Err(error) => {
                    let upgraded = |file: &DataFileMeta| is_among(&produced.removed, file);
                    let useless = produced.added.iter().filter(|file| !upgraded(file)).chain(&produced.changelog);
                    let useless: Vec<FilePath> = useless.filter_map(|file| self.path(file)).collect();
                    self.obsolete.extend(useless);
                    Err(error)
                }
            },
            Err(failed) => {
                self.left.extend(failed.left);
                Err(failed.error)
            }
        }
    }

    /// Adds a compaction to those that are not handed over. A file that one of them made and this one used up is not told of
    /// at all; nobody needs it, unless it was only moved here from another level, or only moves on.
    fn note_compacted(&mut self, produced: Produced) {
        for file in produced.removed {
            let made = &mut self.compacted.added;
            match made.iter().position(|other| other.file_name == file.file_name && other.level == file.level) {
                Some(place) => {
                    made.remove(place);
                    if !is_among(&self.compacted.removed, &file) && !is_among(&produced.added, &file) {
                        self.obsolete.extend(self.path(&file));
                    }
                }
                None => self.compacted.removed.push(file),
            }
        }
        self.compacted.added.extend(produced.added);
        self.compacted.changelog.extend(produced.changelog);
    }
}

/// Whether there is a file of this name, at any level.
fn is_among(files: &[DataFileMeta], file: &DataFileMeta) -> bool {
    files.iter().any(|other| other.file_name == file.file_name)
}

/// The next compaction, and whether it takes all runs.
fn compaction(
    tree: &Tree,
    mode: CompactMode,
    files: &TableFiles,
    place: &BucketPlace,
    names: &Arc<Mutex<DataFileNames>>,
) -> Result<Option<(CompactJob, bool)>> {
    let Tree { levels, rules, .. } = tree;
    let strategy: &dyn CompactionStrategy = match mode {
        CompactMode::Auto => &rules.universal,
        CompactMode::Full => &rules.full,
    };
    let Some(unit) = strategy.pick(levels, files.runtime.clock().now_ms()) else { return Ok(None) };
    let is_full = unit.files.len() == levels.files().count();
    let sections = sections(unit.files.clone(), levels.key_types())?;
    let changelog = rules.full_changelog && unit.output_level == levels.max_level();
    let decider: Arc<dyn Decider> = if let Some(wrong) = planted(&files.runtime) {
        Arc::new(Plain::new(wrong))
    } else if changelog {
        Arc::new(FullChangelog::for_table(&files.schema, unit.output_level)?)
    } else {
        Arc::new(Plain::for_table(&files.schema)?)
    };
    let job = CompactJob {
        destination: Destination {
            files: files.clone(),
            place: place.clone(),
            names: Arc::clone(names),
            level: unit.output_level,
            source: FileSource::Compact,
        },
        drop_deletes: unit.drop_deletes,
        decider,
        changelog,
        steps: plan(&unit, sections, rules, levels.max_level()),
    };
    Ok(Some((job, is_full)))
}
