//! Which data files a snapshot consists of.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use crate::{
    avro::{Entry, FileId},
    json::Schema,
    key,
};

/// The live files: ADDs that no DELETE names, in whatever order the entries come.
pub(crate) type Live = BTreeMap<FileId, Arc<Entry>>;

/// Adds and deletes balanced against each other, and (file name, what is wrong) where they do not balance.
pub(crate) fn live(entries: &[Arc<Entry>]) -> (Live, Vec<(String, String)>) {
    let mut wrong = Vec::new();
    let mut added = Live::new();
    let deleted: BTreeSet<&FileId> = entries.iter().filter(|entry| entry.is_delete).map(|entry| &entry.id).collect();
    for entry in entries.iter().filter(|entry| !entry.is_delete) {
        let twice = added.insert(entry.id.clone(), Arc::clone(entry)).is_some();
        if twice && !deleted.contains(&entry.id) {
            wrong.push((entry.id.name.clone(), "it is added twice".to_owned()));
        }
    }
    for id in deleted {
        if added.remove(id).is_none() {
            wrong.push((
                id.name.clone(),
                format!("it is deleted from level {} without ever being added there", id.level),
            ));
        }
    }
    (added, wrong)
}

/// Files of one level ≥ 1 of a bucket whose key ranges meet: (file name, what is wrong).
pub(crate) fn overlaps(live: &Live, schemas: &BTreeMap<i64, Schema>) -> Vec<(String, String)> {
    let mut wrong = Vec::new();
    let mut levels: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for entry in live.values().filter(|entry| entry.id.bucket >= 0) {
        let Some(types) = schemas.get(&entry.schema_id).and_then(key_types) else { continue };
        match (key::decode(&entry.min_key, &types), key::decode(&entry.max_key, &types)) {
            (Ok(min), Ok(max)) if key::order(&min, &max).is_gt() => {
                wrong.push((
                    entry.id.name.clone(),
                    "its smallest key is recorded as greater than its greatest".to_owned(),
                ));
            }
            (Ok(min), Ok(max)) => {
                let level = (&entry.id.partition, entry.id.bucket, entry.id.level);
                levels.entry(level).or_default().push((min, max, &entry.id.name));
            }
            (Err(message), _) | (_, Err(message)) => wrong.push((entry.id.name.clone(), message)),
        }
    }
    for ((_, bucket, level), mut files) in levels {
        if level == 0 {
            continue;
        }
        files.sort_by(|a, b| key::order(&a.0, &b.0));
        for pair in files.windows(2) {
            if key::order(&pair[0].1, &pair[1].0).is_ge() {
                let message = format!("its keys overlap those of {} in level {level} of bucket {bucket}", pair[0].2);
                wrong.push((pair[1].2.clone(), message));
            }
        }
    }
    wrong
}

/// The types of the sort key; `None` without one, or where one of them is not compared here.
fn key_types(schema: &Schema) -> Option<Vec<key::KeyType>> {
    // clustered files are sorted by other columns than the key
    if schema.option("pk-clustering-override") == Some("true") {
        return None;
    }
    let types: Vec<_> = schema.sort_key().map(|(_, data_type)| key::key_type(data_type?)).collect::<Option<_>>()?;
    Some(types).filter(|types| !types.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(name: &str, is_delete: bool, level: i32, keys: [u64; 2]) -> Arc<Entry> {
        let key = |key: u64| [&[0, 0, 0, 1][..], &[0; 8], &key.to_le_bytes()].concat();
        let id = FileId {
            name: name.to_owned(),
            partition: Vec::new(),
            bucket: 0,
            level,
            extra_files: Vec::new(),
            embedded_index: None,
            external_path: None,
        };
        Arc::new(Entry {
            is_delete,
            id,
            total_buckets: 1,
            size: 0,
            rows: 0,
            min_key: key(keys[0]),
            max_key: key(keys[1]),
            min_sequence: 0,
            max_sequence: 0,
            schema_id: 0,
            delete_rows: None,
        })
    }

    #[test]
    fn a_file_moved_up_a_level_is_live_once() {
        let entries = [entry("a", false, 0, [1, 1]), entry("a", true, 0, [1, 1]), entry("a", false, 5, [1, 1])];
        let (live, wrong) = live(&entries);
        assert_eq!(live.keys().map(|id| id.level).collect::<Vec<_>>(), [5]);
        assert!(wrong.is_empty());
    }

    #[test]
    fn what_does_not_balance_is_named() {
        let (_, wrong) =
            live(&[entry("a", false, 0, [1, 1]), entry("a", false, 0, [1, 1]), entry("b", true, 0, [1, 1])]);
        let names: Vec<_> = wrong.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["a", "b"]);
    }

    #[test]
    fn key_ranges_may_meet_in_level_0_only() {
        let schema = r#"{"id":0,"fields":[{"id":0,"name":"k","type":"BIGINT NOT NULL"}],"primaryKeys":["k"]}"#;
        let schemas = BTreeMap::from([(0, serde_json::from_str(schema).unwrap())]);
        let found = |level| {
            let (live, _) = live(&[entry("a", false, level, [1, 5]), entry("b", false, level, [5, 9])]);
            overlaps(&live, &schemas)
        };
        assert!(found(0).is_empty());
        assert_eq!(found(1)[0].0, "b");
        let (backward, _) = live(&[entry("a", false, 0, [2, 1])]);
        assert_eq!(overlaps(&backward, &schemas).len(), 1);
    }
}
