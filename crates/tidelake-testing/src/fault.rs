//! What can go wrong with a storage call, and when.

use std::fmt;

use tidelake_error::ErrorKind;
use tidelake_io::{Error, FilePath};

use crate::Random;

/// A call of the storage contract. Each is counted, also the parts of a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "each is the method of its name")]
pub enum Operation {
    Open,
    ReadAll,
    Size,
    ReadMany,
    Create,
    Write,
    Finish,
    Abort,
    Sync,
    Publish,
    Overwrite,
    Stat,
    List,
    ListChildren,
    CreatePrefix,
    Delete,
    DeletePrefix,
}

impl Operation {
    /// Whether it changes what others see, or what survives.
    pub fn mutates(self) -> bool {
        use Operation::{CreatePrefix, Delete, DeletePrefix, Finish, Overwrite, Publish, Sync};
        matches!(self, Finish | Sync | Publish | Overwrite | CreatePrefix | Delete | DeletePrefix)
    }
}

/// What a path is for, by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the names say it")]
pub enum PathClass {
    Snapshot,
    Hint,
    Schema,
    ManifestList,
    Manifest,
    IndexManifest,
    Data,
    Tag,
    Consumer,
    Other,
}

impl PathClass {
    /// By the path's name and place.
    pub fn of(path: &FilePath) -> Self {
        let name = path.name();
        let starts = |prefix: &str| name.starts_with(prefix);
        match () {
            () if name == "LATEST" || name == "EARLIEST" => Self::Hint,
            () if starts("snapshot") => Self::Snapshot,
            () if starts("schema") => Self::Schema,
            () if starts("manifest-list-") => Self::ManifestList,
            () if starts("manifest-") => Self::Manifest,
            () if starts("index-manifest-") => Self::IndexManifest,
            () if starts("tag-") => Self::Tag,
            () if starts("consumer-") => Self::Consumer,
            () if path.segments().iter().any(|segment| segment.starts_with("bucket-")) => Self::Data,
            () => Self::Other,
        }
    }
}

/// One call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// From 1, in the order in which they began.
    pub number: u64,
    /// What was called.
    pub operation: Operation,
    /// On what kind of file; of several, the first.
    pub class: PathClass,
    /// On which file; of several, the first.
    pub path: Option<FilePath>,
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:>4} {:?} {:?}", self.number, self.operation, self.class)?;
        self.path.as_ref().map_or(Ok(()), |path| write!(f, " {}", path.name()))
    }
}

/// What happens to a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// It has no effect, and fails.
    ErrBefore(ErrShape),
    /// It takes effect, and fails.
    ErrAfter(ErrShape),
    /// It fails now, and takes effect later (publish, overwrite, delete; others as `ErrAfter`).
    LandLate {
        /// After so many further calls.
        after_calls: u64,
        /// How it fails now.
        then: ErrShape,
    },
    /// It is delivered twice; the answer is the second one.
    Duplicate,
    /// The process dies before the call: it and all later calls have no effect.
    HaltBefore,
    /// The process dies after the call: it takes effect, later calls do not.
    HaltAfter,
}

/// How a call fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrShape {
    /// No answer: it may have taken effect.
    Timeout,
    /// The connection was reset: it may have taken effect.
    Reset,
    /// The service was not reached: it has no effect, for sure.
    Refused,
    /// Not allowed.
    Denied,
    /// Publish: the answer "exists already", whether true or not. Other calls: as `Timeout`.
    AlreadyExists,
}

impl ErrShape {
    pub(crate) fn is_ambiguous(self) -> bool {
        matches!(self, Self::Timeout | Self::Reset | Self::AlreadyExists)
    }

    pub(crate) fn error(self, operation: Operation, path: Option<&FilePath>) -> Error {
        let (kind, ambiguous, text) = match self {
            Self::Timeout | Self::AlreadyExists => (ErrorKind::Unavailable, operation.mutates(), "injected: timed out"),
            Self::Reset => (ErrorKind::Unavailable, operation.mutates(), "injected: connection reset"),
            Self::Refused => (ErrorKind::Unavailable, false, "injected: connection refused"),
            Self::Denied => (ErrorKind::PermissionDenied, false, "injected: access denied"),
        };
        let path = path.map_or_else(|| "-".to_owned(), ToString::to_string);
        match ambiguous {
            true => Error::ambiguous(kind, name(operation), path, text),
            false => Error::backend(kind, name(operation), path, text),
        }
    }
}

fn name(operation: Operation) -> &'static str {
    match operation {
        Operation::Open => "open",
        Operation::ReadAll | Operation::ReadMany => "read",
        Operation::Size | Operation::Stat => "stat",
        Operation::Create => "create",
        Operation::Write => "write",
        Operation::Finish => "finish",
        Operation::Abort => "abort",
        Operation::Sync => "sync",
        Operation::Publish => "publish",
        Operation::Overwrite => "overwrite",
        Operation::List | Operation::ListChildren => "list",
        Operation::CreatePrefix => "create the folder",
        Operation::Delete | Operation::DeletePrefix => "delete",
    }
}

/// Which calls a line of a script is about.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Match {
    /// Any, if `None`.
    pub operation: Option<Operation>,
    /// Any, if `None`.
    pub class: Option<PathClass>,
    /// So many that match pass first.
    pub skip: u64,
    /// Then so many fail; 0: all.
    pub times: u64,
}

impl Match {
    /// The first call of this operation on such a file.
    pub fn first(operation: Operation, class: PathClass) -> Self {
        Self { operation: Some(operation), class: Some(class), skip: 0, times: 1 }
    }

    /// Every call of this operation on such a file.
    pub fn every(operation: Operation, class: PathClass) -> Self {
        Self { times: 0, ..Self::first(operation, class) }
    }
}

/// Faults at random, in thousandths of the calls that change something; `read_err` of those that do not.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FaultRates {
    /// Fail without effect.
    pub err_before: u32,
    /// Fail after they took effect.
    pub err_after: u32,
    /// Fail, and take effect some calls later.
    pub land_late: u32,
    /// Are delivered twice.
    pub duplicate: u32,
    /// Reads that fail.
    pub read_err: u32,
}

/// Which calls fail, and how.
#[derive(Debug, Clone, Default)]
pub enum FaultPlan {
    /// None.
    #[default]
    None,
    /// One call, by its number.
    At {
        /// From 1.
        call: u64,
        /// How.
        fault: Fault,
    },
    /// Line by line; the first that matches decides.
    Script(Vec<(Match, Fault)>),
    /// At random, from a seed.
    Rates(Random, FaultRates),
}

impl FaultPlan {
    /// What happens to this call.
    pub(crate) fn decide(&mut self, call: &Call) -> Option<Fault> {
        match self {
            Self::None => None,
            Self::At { call: at, fault } => (*at == call.number).then_some(*fault),
            Self::Script(lines) => lines.iter_mut().find_map(|(line, fault)| line.takes(call).then_some(*fault)),
            Self::Rates(random, rates) => rates.draw(random, call.operation),
        }
    }
}

impl Match {
    fn takes(&mut self, call: &Call) -> bool {
        const USED_UP: u64 = u64::MAX;
        let matches = self.operation.is_none_or(|operation| operation == call.operation)
            && self.class.is_none_or(|class| class == call.class)
            && self.skip != USED_UP;
        if !matches {
            return false;
        }
        if self.skip > 0 {
            self.skip -= 1;
            return false;
        }
        match self.times {
            0 => {}
            1 => self.skip = USED_UP,
            _ => self.times -= 1,
        }
        true
    }
}

impl FaultRates {
    fn draw(&self, random: &mut Random, operation: Operation) -> Option<Fault> {
        let ambiguous = if random.per_mille(500) { ErrShape::Timeout } else { ErrShape::Reset };
        if !operation.mutates() {
            return random.per_mille(self.read_err).then_some(Fault::ErrBefore(ambiguous));
        }
        let late = Fault::LandLate { after_calls: random.below(12) + 1, then: ambiguous };
        let before = Fault::ErrBefore(if random.per_mille(300) { ErrShape::Refused } else { ambiguous });
        let choices = [
            (self.err_before, before),
            (self.err_after, Fault::ErrAfter(ambiguous)),
            (self.land_late, late),
            (self.duplicate, Fault::Duplicate),
        ];
        choices.into_iter().find_map(|(rate, fault)| random.per_mille(rate).then_some(fault))
    }
}
