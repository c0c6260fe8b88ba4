//! `tide table explain`: every file of the table is accounted for.

use serde_json::Value;

use crate::tide::Folder;

/// Two partitions with four buckets each; partition 1 in two commits.
fn filled() -> Folder {
    let folder = Folder::new();
    folder.sql("CREATE DATABASE db");
    folder.sql(
        "CREATE TABLE db.t (p INT, k INT, v INT, PRIMARY KEY (p, k) NOT ENFORCED) PARTITIONED BY (p) \
         WITH ('bucket' = '4', 'write-only' = 'true')",
    );
    for (p, from) in [(1, 0), (1, 1000), (2, 0)] {
        let rows: Vec<_> = (from..from + 100).map(|k| format!("({p}, {k}, {})", from / 1000)).collect();
        folder.sql(&format!("INSERT INTO db.t VALUES {}", rows.join(", ")));
    }
    folder
}

fn explained(folder: &Folder, condition: Option<&str>) -> Value {
    let condition: Vec<&str> = condition.into_iter().flat_map(|condition| ["--where", condition]).collect();
    let ran = folder.tide(&[&["table", "explain", "db.t", "--json"], &condition[..]].concat());
    assert_eq!(ran.code, Some(0), "{condition:?}: {}", ran.stderr);
    serde_json::from_str(&ran.stdout).unwrap()
}

#[test]
fn every_file_is_read_or_skipped_for_one_reason() {
    let folder = filled();
    for (condition, partition, bucket, key, value, read, tested) in [
        (None, 0, 0, 0, 0, 12, false),
        (Some("p = 1"), 4, 0, 0, 0, 8, false),
        (Some("p = 1 AND k = 7"), 4, 6, 1, 0, 1, true),
        (Some("k < 1000"), 0, 0, 4, 0, 8, true),
        (Some("v = 1"), 0, 0, 0, 4, 8, true),
        (Some("v = 5"), 0, 0, 0, 12, 0, true),
        (Some("p = 3"), 12, 0, 0, 0, 0, false),
        (Some("p = 2 AND k % 2 = 0"), 8, 0, 0, 0, 4, true),
    ] {
        let said = explained(&folder, condition);
        let skipped = &said["skipped"];
        let reasons = ["by_partition", "by_bucket", "by_key_range", "by_statistics"]
            .map(|reason| skipped[reason].as_u64().unwrap());
        assert_eq!(reasons, [partition, bucket, key, value], "{condition:?}: {said}");
        assert_eq!(said["read"]["files"], read, "{condition:?}: {said}");
        assert_eq!(said["table"]["files"], 12);
        assert_eq!(reasons.iter().sum::<u64>() + read, 12, "{condition:?}");
        assert_eq!(said["rows_are_tested"], tested, "{condition:?}: {said}");
        let levels = said["levels"].as_array().unwrap();
        let sum = |what: &str| levels.iter().map(|level| level[what].as_u64().unwrap()).sum::<u64>();
        for what in ["files", "rows", "bytes"] {
            assert_eq!(said["read"][what], sum(what), "{condition:?}: {said}");
        }
    }
}

#[test]
fn merging_and_levels_are_said_in_words() {
    let folder = filled();
    let explain = |args: &[&str]| {
        let ran = folder.tide(&[&["table", "explain"], args].concat());
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        ran.stdout
    };
    folder.sql("CREATE TABLE db.none (k INT)");
    assert_eq!(explain(&["db.none"]), "db.none has no snapshot: nothing is read\n");
    let before = explain(&["db.t", "--where", "p = 1"]);
    for line in [
        "db.t, snapshot 3",
        "in the table                        12",
        "  skipped by partition               4",
        "read                                 8",
        "partitions  1 of 2",
        "buckets     4 of 8",
        "rows        200 stored in what is read",
        "then        every row that is read is wanted",
    ] {
        assert!(before.lines().any(|shown| shown == line), "{line}: {before}");
    }
    assert!(before.contains("level 0     8 files, 200 rows, "), "{before}");
    let ran = folder.tide(&["compact", "db.t", "--full"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let after = explain(&["db.t", "--where", "p = 1"]);
    assert!(after.contains("splits      4: 4 read as they are, 0 merged"), "{after}");
    assert!(after.contains("level 5     4 files, 200 rows, "), "{after}");
    assert!(explain(&["db.t@v1"]).contains("db.t@v1, snapshot 1"));
}
