//! Keys whose rows depend on when compaction came.
//!
//! With `sequence.field` a row that arrives later may be older than a delete: it stays hidden while the delete is there, and shows
//! once a compaction into the last level has dropped it. Two tables with the same history may differ in such keys.
//!
//! ```text
//! -D k=1 g=8     +I k=1 g=5     no row of key 1
//! -D k=1 g=8     full compaction     +I k=1 g=5     one row of key 1
//! ```

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{History, Op, Result};
use crate::answers::text;

impl History {
    /// The keys that are unsettled after a step, as [`History::key_of`] has them.
    pub fn unsettled(&self, step: usize) -> Result<BTreeSet<String>> {
        let option = |name: &str| self.create.as_ref().and_then(|create| create["options"][name].as_str());
        let Some(field) = option("sequence.field").filter(|_| option("ignore-delete") != Some("true")) else {
            return Ok(BTreeSet::new());
        };
        let mut deleted: BTreeMap<String, i64> = BTreeMap::new();
        let mut unsettled = BTreeSet::new();
        for op in self.steps.iter().filter(|other| other.number <= step).flat_map(|step| &step.ops) {
            let Op::Commit(commit) = op else { continue };
            for line in &commit.rows {
                let key = self.key_of(line)?;
                let row: Value = serde_json::from_str(line).map_err(text)?;
                // Null is the smallest.
                let sequence = row[field].as_i64().unwrap_or(i64::MIN);
                if deleted.get(&key).is_some_and(|deleted| sequence < *deleted) {
                    unsettled.insert(key.clone());
                }
                if row["_kind"] == "-D" {
                    let newest = deleted.entry(key).or_insert(sequence);
                    *newest = sequence.max(*newest);
                }
            }
        }
        Ok(unsettled)
    }

    /// The lines without those of these keys.
    pub fn without(&self, lines: &[String], keys: &BTreeSet<String>) -> Result<Vec<String>> {
        let mut kept = Vec::new();
        for line in lines {
            if !keys.contains(&self.key_of(line)?) {
                kept.push(line.clone());
            }
        }
        Ok(kept)
    }

    /// The values of the key columns of a row; the whole line where there is no key.
    pub fn key_of(&self, line: &str) -> Result<String> {
        if self.keys.is_empty() {
            return Ok(line.to_owned());
        }
        let value: Value = serde_json::from_str(line).map_err(text)?;
        Ok(self.keys.iter().map(|key| value[key.as_str()].to_string()).collect::<Vec<_>>().join(","))
    }
}
