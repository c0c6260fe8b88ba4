//! Where a batch read is: which snapshot, as asked in code or by `scan.*` options.

use tidelake_types::{Options, Scalar, TypeKind, cast_scalar};

use crate::{
    Result,
    error::{InvalidSnafu, UnsupportedSnafu},
    options::*,
};

/// Which snapshot to read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReadFrom {
    /// The newest.
    #[default]
    Latest,
    /// The newest that a compaction made; the newest at all if none did.
    LatestCompacted,
    /// By number.
    Snapshot(i64),
    /// Kept by a tag; its own snapshot file may be gone.
    Tag(String),
    /// A tag of this name, else `watermark-N`, else a number.
    Version(String),
    /// The newest at this time, in milliseconds since 1970.
    Timestamp(i64),
    /// The oldest whose watermark is at least this.
    Watermark(i64),
    /// Not a snapshot but the changes of several.
    Between(Between),
}

/// The changes of several snapshots, as stored: not merged across them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Between {
    /// Changes after this one,
    pub start: BetweenEnd,
    /// up to and including this one.
    pub end: BetweenEnd,
    /// Which files are taken.
    pub mode: BetweenMode,
}

/// An end of a range of snapshots.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BetweenEnd {
    /// A tag of this name, else a number.
    Version(String),
    /// The newest snapshot at this time, in milliseconds since 1970.
    Timestamp(i64),
}

impl ReadFrom {
    /// What the `scan.*` and `incremental-*` options say to a batch read. Options that contradict each other are
    /// `InvalidInput`; modes that this build does not have are `Unsupported`.
    pub fn from_options(options: &Options) -> Result<Self> {
        let given = Given::from_options(options)?;
        if let Some(between) = given.between {
            return match given.mode {
                ScanMode::Default | ScanMode::Incremental => Ok(Self::Between(between)),
                mode => invalid(format!("`incremental-between` does not go with `scan.mode` = `{mode}`")),
            };
        }
        match (given.mode, given.point) {
            (ScanMode::Default, None) => Ok(Self::Latest),
            (ScanMode::Default, Some(point)) => Ok(point),
            (ScanMode::LatestFull | ScanMode::Full | ScanMode::Latest, None) => Ok(Self::Latest),
            (ScanMode::CompactedFull, None) => Ok(Self::LatestCompacted),
            (ScanMode::FromTimestamp, Some(point @ Self::Timestamp(_))) => Ok(point),
            (ScanMode::FromSnapshot | ScanMode::FromSnapshotFull, Some(point))
                if !matches!(point, Self::Timestamp(_)) =>
            {
                Ok(point)
            }
            (mode, point) => Err(mismatch(mode, point.as_ref())),
        }
    }

    /// Whether rows come in the columns that the table had at that snapshot.
    pub fn is_time_travel(&self) -> bool {
        matches!(self, Self::Snapshot(_) | Self::Tag(_) | Self::Version(_) | Self::Timestamp(_) | Self::Watermark(_))
    }
}

/// What the options say, before it is known whether a batch or a stream asks.
pub(crate) struct Given {
    pub(crate) mode: ScanMode,
    pub(crate) point: Option<ReadFrom>,
    pub(crate) between: Option<Between>,
}

impl Given {
    pub(crate) fn from_options(options: &Options) -> Result<Self> {
        for name in UNSUPPORTED {
            if options.text(name).is_some() {
                return UnsupportedSnafu { message: format!("the option `{name}` is not supported: leave it out") }
                    .fail();
            }
        }
        let timestamp = options.get(&SCAN_TIMESTAMP)?.map(|text| time_of(SCAN_TIMESTAMP.name(), &text)).transpose()?;
        let points = [
            options.get(&SCAN_SNAPSHOT_ID)?.map(ReadFrom::Snapshot),
            options.get(&SCAN_TAG_NAME)?.map(ReadFrom::Tag),
            options.get(&SCAN_VERSION)?.map(ReadFrom::Version),
            timestamp.map(ReadFrom::Timestamp),
            options.get(&SCAN_TIMESTAMP_MILLIS)?.map(ReadFrom::Timestamp),
            options.get(&SCAN_WATERMARK)?.map(ReadFrom::Watermark),
        ];
        let mut given = points.into_iter().flatten();
        let point = given.next();
        if let (Some(first), Some(second)) = (&point, given.next()) {
            return invalid(format!(
                "`{}` and `{}` contradict each other: give one",
                option_of(first),
                option_of(&second)
            ));
        }
        Ok(Self { mode: options.get(&SCAN_MODE)?, point, between: between(options)? })
    }
}

/// Selectors of files or snapshots that this build does not have: ignoring them would read the wrong rows.
const UNSUPPORTED: [&str; 4] =
    ["scan.file-creation-time-millis", "scan.creation-time-millis", "scan.fallback-branch", "incremental-to-auto-tag"];

pub(crate) fn mismatch(mode: ScanMode, point: Option<&ReadFrom>) -> crate::Error {
    match (mode, point) {
        (ScanMode::LatestDelta | ScanMode::FromCreationTimestamp | ScanMode::FromFileCreationTime, _) => {
            UnsupportedSnafu { message: format!("`scan.mode` = `{mode}` is not supported here") }.build()
        }
        (_, Some(point)) => {
            let message = format!("`{}` does not go with `scan.mode` = `{mode}`", option_of(point));
            InvalidSnafu { message }.build()
        }
        (ScanMode::FromTimestamp, None) => {
            InvalidSnafu { message: "`scan.mode` = `from-timestamp` needs `scan.timestamp-millis` or `scan.timestamp`" }
                .build()
        }
        (ScanMode::Incremental, None) => {
            InvalidSnafu { message: "`scan.mode` = `incremental` needs `incremental-between`" }.build()
        }
        (_, None) => InvalidSnafu { message: format!("`scan.mode` = `{mode}` needs `scan.snapshot-id`") }.build(),
    }
}

fn option_of(point: &ReadFrom) -> &'static str {
    match point {
        ReadFrom::Snapshot(_) => SCAN_SNAPSHOT_ID.name(),
        ReadFrom::Tag(_) => SCAN_TAG_NAME.name(),
        ReadFrom::Version(_) => SCAN_VERSION.name(),
        ReadFrom::Timestamp(_) => SCAN_TIMESTAMP_MILLIS.name(),
        ReadFrom::Watermark(_) => SCAN_WATERMARK.name(),
        ReadFrom::Between(_) => INCREMENTAL_BETWEEN.name(),
        ReadFrom::Latest | ReadFrom::LatestCompacted => SCAN_MODE.name(),
    }
}

fn between(options: &Options) -> Result<Option<Between>> {
    let mode = options.get(&INCREMENTAL_BETWEEN_SCAN_MODE)?;
    let ends = |name: &str, text: &str| match text.split_once(',') {
        Some((start, end)) if !end.contains(',') => Ok((start.trim().to_owned(), end.trim().to_owned())),
        _ => InvalidSnafu { message: format!("option `{name}` is `{text}`, expected two ends: `3,5`") }.fail(),
    };
    let versions = options.get(&INCREMENTAL_BETWEEN)?;
    let times = options.get(&INCREMENTAL_BETWEEN_TIMESTAMP)?;
    match (versions, times) {
        (None, None) => Ok(None),
        (Some(_), Some(_)) => invalid(
            "`incremental-between` and `incremental-between-timestamp` contradict each other: give one".to_owned(),
        ),
        (Some(text), None) => {
            let (start, end) = ends(INCREMENTAL_BETWEEN.name(), &text)?;
            Ok(Some(Between { start: BetweenEnd::Version(start), end: BetweenEnd::Version(end), mode }))
        }
        (None, Some(text)) => {
            let name = INCREMENTAL_BETWEEN_TIMESTAMP.name();
            let (start, end) = ends(name, &text)?;
            let time = |text: &str| text.parse().or_else(|_| time_of(name, text)).map(BetweenEnd::Timestamp);
            Ok(Some(Between { start: time(&start)?, end: time(&end)?, mode }))
        }
    }
}

/// Milliseconds of a text in UTC.
fn time_of(option: &str, text: &str) -> Result<i64> {
    let from = TypeKind::STRING.nullable();
    match cast_scalar(&Scalar::String(text.to_owned()), &from, &TypeKind::Timestamp(3).nullable()) {
        Ok(Some(Scalar::Timestamp { millis, .. })) => Ok(millis),
        _ => invalid(format!("option `{option}` is `{text}`, expected a time in UTC such as `2024-02-29 01:02:03`")),
    }
}

fn invalid<T>(message: String) -> Result<T> {
    InvalidSnafu { message }.fail()
}
