//! Where a stream stands, as a few bytes.
//!
//! ```json
//! {"version":1,"table":"file:///w/shop.db/orders","next":8}
//! {"version":1,"table":"file:///w/shop.db/orders","start":"from-snapshot-full","value":3}
//! ```

use serde_json::{Map, Value};

use crate::{Result, StreamStart, error::InvalidPositionSnafu};

const VERSION: i64 = 1;
/// A position is never longer: a table's location and a few numbers.
const BYTES_MAX: usize = 64 << 10;

/// Where a stream resumes. Small plain bytes with a version; they name the table, so that a position of another is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamPosition {
    /// The table's location.
    pub table: String,
    /// How far it came.
    pub phase: StreamPhase,
}

/// How far a stream came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StreamPhase {
    /// It has given nothing yet: where it will begin.
    Start(StreamStart),
    /// The snapshot that is next.
    Follow {
        /// Its number.
        next: i64,
    },
}

impl StreamPosition {
    /// For a checkpoint.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut members = Map::new();
        members.insert("version".to_owned(), VERSION.into());
        members.insert("table".to_owned(), self.table.as_str().into());
        match self.phase {
            StreamPhase::Follow { next } => {
                members.insert("next".to_owned(), next.into());
            }
            StreamPhase::Start(start) => {
                let (name, value) = start.parts();
                members.insert("start".to_owned(), name.into());
                if let Some(value) = value {
                    members.insert("value".to_owned(), value.into());
                }
            }
        }
        Value::Object(members).to_string().into_bytes()
    }

    /// From a checkpoint. `InvalidInput` if it is none, or of a newer version.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let invalid = |reason: String| InvalidPositionSnafu { table: "any table", reason }.fail();
        if bytes.len() > BYTES_MAX {
            return invalid(format!("it has {} bytes", bytes.len()));
        }
        let members: Map<String, Value> = match serde_json::from_slice(bytes) {
            Ok(members) => members,
            Err(error) => return invalid(error.to_string()),
        };
        let number = |name: &str| members.get(name).and_then(Value::as_i64);
        match number("version") {
            Some(VERSION) => {}
            Some(version) => return invalid(format!("its version is {version}, this build knows {VERSION}")),
            None => return invalid("it has no `version`".to_owned()),
        }
        let Some(table) = members.get("table").and_then(Value::as_str) else {
            return invalid("it has no `table`".to_owned());
        };
        let start = members
            .get("start")
            .and_then(Value::as_str)
            .and_then(|name| StreamStart::from_parts(name, number("value")));
        let phase = match (number("next"), start) {
            (Some(next), None) if next >= 1 => StreamPhase::Follow { next },
            (None, Some(start)) => StreamPhase::Start(start),
            _ => return invalid("it says neither what is next nor where to begin".to_owned()),
        };
        Ok(Self { table: table.to_owned(), phase })
    }

    /// The snapshot that is next; `None` before the first step.
    pub fn next_snapshot(&self) -> Option<i64> {
        match self.phase {
            StreamPhase::Start(_) => None,
            StreamPhase::Follow { next } => Some(next),
        }
    }
}

impl StreamStart {
    fn parts(self) -> (&'static str, Option<i64>) {
        match self {
            Self::Latest => ("latest", None),
            Self::LatestFull => ("latest-full", None),
            Self::FromSnapshot(id) => ("from-snapshot", Some(id)),
            Self::FromSnapshotFull(id) => ("from-snapshot-full", Some(id)),
            Self::FromTimestamp(at_ms) => ("from-timestamp", Some(at_ms)),
        }
    }

    fn from_parts(name: &str, value: Option<i64>) -> Option<Self> {
        match (name, value) {
            ("latest", None) => Some(Self::Latest),
            ("latest-full", None) => Some(Self::LatestFull),
            ("from-snapshot", Some(id)) => Some(Self::FromSnapshot(id)),
            ("from-snapshot-full", Some(id)) => Some(Self::FromSnapshotFull(id)),
            ("from-timestamp", Some(at_ms)) => Some(Self::FromTimestamp(at_ms)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_come_back_from_their_bytes() {
        use StreamStart::*;
        let starts = [Latest, LatestFull, FromSnapshot(3), FromSnapshotFull(4), FromTimestamp(-5)];
        let phases = starts.map(StreamPhase::Start).into_iter().chain([StreamPhase::Follow { next: 8 }]);
        for phase in phases {
            let position = StreamPosition { table: "file:///w/d.db/\"t\"".to_owned(), phase };
            assert_eq!(StreamPosition::from_bytes(&position.to_bytes()).unwrap(), position);
        }
    }

    #[test]
    fn bytes_that_are_no_position_are_refused() {
        let whole = StreamPosition { table: "file:///t".to_owned(), phase: StreamPhase::Follow { next: 8 } }.to_bytes();
        for end in 0..whole.len() {
            assert!(StreamPosition::from_bytes(&whole[..end]).is_err(), "{end}");
        }
        for text in [
            r#"{"version":2,"table":"t","next":1}"#,
            r#"{"version":1,"table":"t"}"#,
            r#"{"version":1,"next":1}"#,
            r#"{"version":1,"table":"t","next":0}"#,
            r#"{"version":1,"table":"t","next":1,"start":"latest"}"#,
            r#"{"version":1,"table":"t","start":"from-snapshot"}"#,
            "[]",
        ] {
            assert!(StreamPosition::from_bytes(text.as_bytes()).is_err(), "{text}");
        }
    }
}
