//! `tide compact`: what it says, and that it changes files and no rows.

use crate::tide::Folder;

/// Three commits of one bucket: keys 1 to 3, 2 to 4, and 4 deleted.
fn filled() -> Folder {
    let folder = Folder::new();
    folder.sql("CREATE DATABASE db");
    folder.sql("CREATE TABLE db.t (k INT, v STRING, PRIMARY KEY (k) NOT ENFORCED) WITH ('bucket' = '1')");
    for (name, rows) in [("a", "1,a,I\n2,a,I\n3,a,I\n"), ("b", "2,b,I\n3,b,I\n4,b,I\n"), ("c", "4,b,D\n")] {
        let file = folder.file(&format!("{name}.csv"), format!("k,v,op\n{rows}"));
        let ran = folder.tide(&["table", "import", "db.t", &file, "--op-column", "op"]);
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    }
    folder
}

#[test]
fn a_full_compaction_leaves_one_file_and_the_same_rows() {
    let folder = filled();
    let rows = folder.sql("SELECT * FROM db.t ORDER BY k");

    let auto = folder.tide(&["compact", "db.t"]);
    assert_eq!((auto.code, auto.stdout.as_str()), (Some(0), ""), "{}", auto.stderr);
    assert_eq!(auto.stderr, "nothing to compact: no files of db.t are worth it; --full compacts all the same\n");

    let full = folder.tide(&["compact", "db.t", "--full"]);
    assert_eq!(full.code, Some(0), "{}", full.stderr);
    let told: Vec<_> = full.stderr.lines().collect();
    assert_eq!(told[0], "compacted db.t: 3 files became 1 in 1 bucket, snapshot 4");
    assert!(told[1].starts_with("in ") && told.len() == 2, "{}", full.stderr);
    assert_eq!(folder.sql("SELECT level, record_count FROM db.\"t$files\""), "level,record_count\n5,3\n");
    assert_eq!(folder.sql("SELECT * FROM db.t ORDER BY k"), rows);

    let again = folder.tide(&["compact", "db.t", "--full"]);
    assert_eq!((again.code, again.stderr.as_str()), (Some(0), "nothing to compact: no files of db.t are worth it\n"));
    let kinds = folder.sql("SELECT commit_kind FROM db.\"t$snapshots\" ORDER BY snapshot_id");
    assert_eq!(kinds, "commit_kind\nAPPEND\nAPPEND\nAPPEND\nCOMPACT\n");
    let fsck = folder.tide(&["fsck", "db.t"]);
    assert_eq!(fsck.code, Some(0), "{}{}", fsck.stdout, fsck.stderr);
}

#[test]
fn options_of_the_call_decide_what_is_worth_it() {
    let folder = filled();
    let ran = folder.tide(&["compact", "db.t", "--option", "num-sorted-run.compaction-trigger=2"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(ran.stderr.starts_with("compacted db.t: 3 files became 1"), "{}", ran.stderr);
}

#[test]
fn what_cannot_be_compacted_is_said_and_left_alone() {
    let folder = Folder::new();
    folder.sql("CREATE DATABASE db");
    folder.sql("CREATE TABLE db.log (k INT)");
    folder.sql("INSERT INTO db.log VALUES (1)");
    let ran = folder.tide(&["compact", "db.log"]);
    assert!(ran.code == Some(0) && ran.stderr.starts_with("nothing to compact"), "{}", ran.stderr);
    for (table, code, said) in [("db.none", 4, "db.none"), ("db.log$files", 1, "system table")] {
        let ran = folder.tide(&["compact", table]);
        assert_eq!(ran.code, Some(code), "{table}: {}", ran.stderr);
        assert!(ran.stderr.starts_with("error: ") && ran.stderr.contains(said), "{table}: {}", ran.stderr);
    }
    assert_eq!(folder.sql("SELECT count(*) FROM db.\"log$snapshots\"").lines().last(), Some("1"));
}

#[test]
fn only_the_partition_that_is_named_is_compacted() {
    let folder = Folder::new();
    folder.sql("CREATE DATABASE db");
    folder.sql(
        "CREATE TABLE db.t (p INT, q STRING, k INT, PRIMARY KEY (p, q, k) NOT ENFORCED) PARTITIONED BY (p, q) \
         WITH ('bucket' = '1', 'write-only' = 'true')",
    );
    for k in 1..=2 {
        folder.sql(&format!("INSERT INTO db.t VALUES (1, 'a', {k}), (1, 'b', {k}), (2, 'a', {k})"));
    }
    for (partition, told) in
        [("p=1,q=a", "2 files became 1 in 1 bucket"), ("p = 1 AND q = 'b'", "2 files became 1 in 1 bucket")]
    {
        let ran = folder.tide(&["compact", "db.t", "--full", "--where", partition]);
        assert_eq!(ran.code, Some(0), "{partition}: {}", ran.stderr);
        assert!(ran.stderr.contains(told), "{partition}: {}", ran.stderr);
    }
    let files = folder.sql("SELECT partition, level FROM db.\"t$files\" ORDER BY partition, level");
    assert_eq!(files.lines().count(), 1 + 1 + 1 + 2, "{files}");
    let ran = folder.tide(&["compact", "db.t", "--full", "--where", "p=3"]);
    assert!(ran.code == Some(0) && ran.stderr.starts_with("nothing to compact"), "{}", ran.stderr);
    folder.sql("CREATE TABLE db.plain (k INT)");
    for (table, partition, code, told) in [
        ("db.t", "r=1", 1, "`r` is not a partition column (there are: p, q)"),
        ("db.t", "p=x", 1, "x"),
        ("db.t", "p", 2, "gives no value"),
        ("db.plain", "p=1", 1, "names a partition, the table has none"),
    ] {
        let ran = folder.tide(&["compact", table, "--where", partition]);
        assert_eq!(ran.code, Some(code), "{partition}: {}", ran.stderr);
        assert!(ran.stderr.contains(told), "{partition}: {}", ran.stderr);
    }
}
