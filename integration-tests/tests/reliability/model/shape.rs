//! Which table a seed is about.

use tidelake_table::{DataField, TableSchema, TypeKind};
use tidelake_testing::Random;

use super::table::{Field, KEY, Kind, PARTITION, Rules, SEQUENCE};

/// A table, drawn from a seed.
#[derive(Debug, Clone)]
pub(crate) struct Shape {
    pub(crate) rules: Rules,
    pub(crate) changelog: Changelog,
    pub(crate) options: Vec<(&'static str, &'static str)>,
}

/// What streams of a table show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Changelog {
    /// New files as they are.
    None,
    /// All rows as they were written.
    Input,
    /// What full compactions changed.
    FullCompaction,
}

fn pick<T: Copy>(random: &mut Random, choices: &[T]) -> T {
    choices[random.below(choices.len() as u64) as usize]
}

impl Shape {
    pub(crate) fn draw(random: &mut Random) -> Self {
        let key = random.per_mille(650);
        let partitioned = random.per_mille(500);
        let mut options = vec![("manifest.merge-min-count", pick(random, &["2", "3", "5", "30"]))];
        // Some tables expire with each commit.
        if random.per_mille(250) {
            let most = pick(random, &["1", "3", "8"]);
            options.extend([("snapshot.num-retained.min", "1"), ("snapshot.num-retained.max", most)]);
        }
        let mut option = |random: &mut Random, per_mille, name, values: &[&'static str]| {
            if random.per_mille(per_mille) {
                options.push((name, pick(random, values)));
            }
        };
        // Each batch is flushed at once, each some batches, or none before the commit.
        option(random, 600, "write-buffer-size", &["1 b", "200 b", "2 kb"]);
        option(random, 500, "target-file-size", &["1 b", "2 kb", "4 kb"]);
        option(random, 300, "manifest.target-file-size", &["1 b", "2 kb"]);
        option(random, 300, "source.split.target-size", &["1 b", "4 kb"]);
        option(random, 300, "source.split.open-file-cost", &["1 b"]);
        option(random, 200, "metadata.stats-mode", &["none", "counts", "full", "truncate(2)"]);
        option(random, 300, "file.compression", &["none", "zstd", "snappy"]);
        option(random, 150, "write-only", &["true"]);
        if !key {
            option(random, 500, "compaction.min.file-num", &["2", "3"]);
            let bucket = pick(random, &["-1", "-1", "1", "3"]);
            options.push(("bucket", bucket));
            if bucket != "-1" {
                options.push(("bucket-key", "k"));
            }
            let rules = Rules { key, partitioned, sequence_field: false, ignore_delete: false };
            return Self { rules, changelog: Changelog::None, options };
        }
        option(random, 800, "num-sorted-run.compaction-trigger", &["2", "3", "4"]);
        option(random, 200, "num-levels", &["3", "5"]);
        option(random, 200, "compaction.size-ratio", &["0", "50"]);
        option(random, 200, "compaction.max-size-amplification-percent", &["1", "50", "1000"]);
        option(random, 150, "data-file.thin-mode", &["true"]);
        options.push(("bucket", pick(random, &["1", "2", "3"])));
        let rules =
            Rules { key, partitioned, sequence_field: random.per_mille(300), ignore_delete: random.per_mille(150) };
        if rules.sequence_field {
            options.push(("sequence.field", "s"));
        }
        if rules.ignore_delete {
            options.push(("ignore-delete", "true"));
        }
        let changelog = match random.below(10) {
            0..3 => Changelog::Input,
            3..5 => Changelog::FullCompaction,
            _ => Changelog::None,
        };
        match changelog {
            Changelog::None => {}
            Changelog::Input => options.push(("changelog-producer", "input")),
            Changelog::FullCompaction => {
                options.push(("changelog-producer", "full-compaction"));
                options.push(("changelog-producer.row-deduplicate", pick(random, &["true", "false"])));
                if random.per_mille(300) {
                    options.push(("full-compaction.delta-commits", pick(random, &["1", "2", "3"])));
                }
            }
        }
        Self { rules, changelog, options }
    }

    pub(crate) fn fields(&self) -> Vec<Field> {
        let field = |id, name: &str, kind| Field { id, name: name.to_owned(), kind };
        vec![
            field(PARTITION, "p", Kind::Text),
            field(KEY, "k", Kind::Int),
            field(SEQUENCE, "s", Kind::BigInt),
            field(3, "v", Kind::Int),
            field(4, "t", Kind::Text),
        ]
    }

    pub(crate) fn schema(&self) -> TableSchema {
        let in_key = |id| self.rules.key && (id == KEY || (id == PARTITION && self.rules.partitioned));
        let fields = self.fields().into_iter().map(|field| {
            let kind = type_of(field.kind);
            DataField::new(field.id, field.name, if in_key(field.id) { kind.not_null() } else { kind.nullable() })
        });
        let partitions = if self.rules.partitioned { vec!["p".to_owned()] } else { Vec::new() };
        let keys = ["p", "k"].into_iter().filter(|name| *name == "k" || self.rules.partitioned).map(str::to_owned);
        let keys = if self.rules.key { keys.collect() } else { Vec::new() };
        TableSchema::create(fields.collect(), partitions, keys, self.options.iter().copied().collect(), None, 0)
            .unwrap()
    }
}

pub(crate) fn type_of(kind: Kind) -> TypeKind {
    match kind {
        Kind::Int => TypeKind::Int,
        Kind::BigInt => TypeKind::BigInt,
        Kind::Text => TypeKind::STRING,
    }
}
