//! What is done to a table. Operations hold raw numbers that get their meaning when they run, so that a history stays one
//! when some of its operations are left out.

use tidelake_testing::Random;

/// A row in the making.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Draft {
    pub(crate) kind: u8,
    pub(crate) partition: u8,
    pub(crate) key: u8,
    pub(crate) sequence: u8,
    /// Decides all other values.
    pub(crate) salt: u32,
}

/// What a commit replaces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Replace {
    Whole,
    Dynamic,
    /// The partitions of its rows, by name.
    Named,
}

/// A change of the schema; the numbers choose among the columns that may change.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Alteration {
    Add(u8),
    Drop(u8),
    Rename(u8),
    Widen(u8),
    Trigger(u8),
}

/// What is read.
#[derive(Debug, Clone, Copy)]
pub(crate) enum From {
    Latest,
    Snapshot(u8),
    Tag(u8),
}

/// One operation.
#[derive(Debug, Clone)]
pub(crate) enum Op {
    /// Rows into the open writer; one is opened if there is none.
    Write(Vec<Draft>),
    /// The open writer commits, under a fresh user or under a name.
    Commit {
        named: bool,
    },
    /// A writer of its own replaces rows, after what the open writer has was committed.
    Overwrite {
        named: bool,
        replace: Replace,
        drafts: Vec<Draft>,
    },
    /// The open writer compacts with its next commit.
    CompactWithin {
        full: bool,
    },
    /// The open writer gives its rows up.
    Abandon,
    Compact {
        full: bool,
    },
    Truncate,
    DropPartition(u8),
    Alter(Alteration),
    Tag(u8),
    DeleteTag(u8),
    Expire {
        keep: u8,
        dry: bool,
    },
    /// Columns, filter and limit by chance.
    Read {
        from: From,
        salt: u32,
    },
    /// From some snapshot to the end, perhaps in two parts.
    Follow {
        from: u8,
        stop: u8,
    },
    /// Another process goes on.
    Reopen,
}

impl Op {
    pub(crate) fn draw(random: &mut Random) -> Self {
        let byte = |random: &mut Random| random.below(256) as u8;
        match random.below(100) {
            0..28 => Self::Write(drafts(random)),
            28..46 => Self::Commit { named: random.per_mille(500) },
            46..48 => Self::CompactWithin { full: random.per_mille(300) },
            48..53 => {
                let replace = [Replace::Whole, Replace::Dynamic, Replace::Named][random.below(3) as usize];
                Self::Overwrite { named: random.per_mille(500), replace, drafts: drafts(random) }
            }
            53..55 => Self::Abandon,
            55..63 => Self::Compact { full: random.per_mille(300) },
            63 => Self::Truncate,
            64..66 => Self::DropPartition(byte(random)),
            66..71 => Self::Alter(match random.below(10) {
                0..3 => Alteration::Add(byte(random)),
                3..5 => Alteration::Drop(byte(random)),
                5..7 => Alteration::Rename(byte(random)),
                7..9 => Alteration::Widen(byte(random)),
                _ => Alteration::Trigger(byte(random)),
            }),
            71..74 => Self::Tag(byte(random)),
            74 => Self::DeleteTag(byte(random)),
            75..78 => Self::Expire { keep: random.below(6) as u8 + 1, dry: random.per_mille(200) },
            78..92 => {
                let from = match random.below(10) {
                    0..5 => From::Latest,
                    5..8 => From::Snapshot(byte(random)),
                    _ => From::Tag(byte(random)),
                };
                Self::Read { from, salt: random.next_u64() as u32 }
            }
            92..97 => Self::Follow { from: byte(random), stop: byte(random) },
            _ => Self::Reopen,
        }
    }
}

fn drafts(random: &mut Random) -> Vec<Draft> {
    let rows = if random.per_mille(30) { 200 } else { random.below(8) + 1 };
    let keys = if random.per_mille(900) { 10 } else { 256 };
    let draft = |random: &mut Random| Draft {
        // +I, -U, +U, -D
        kind: [0, 0, 0, 0, 0, 0, 1, 2, 2, 3, 3][random.below(11) as usize],
        partition: random.below(3) as u8,
        key: random.below(keys) as u8,
        sequence: random.below(20) as u8,
        salt: random.next_u64() as u32,
    };
    (0..rows).map(|_| draft(random)).collect()
}
