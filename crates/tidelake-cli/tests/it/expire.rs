//! `tide snapshot expire`, `tide tag`: what goes, what stays, and that nothing goes unasked.

use crate::tide::Folder;

/// Four commits of one key.
fn filled() -> Folder {
    let folder = Folder::new();
    folder.sql("CREATE DATABASE db");
    folder.sql(
        "CREATE TABLE db.t (k INT, v INT, PRIMARY KEY (k) NOT ENFORCED) WITH ('bucket' = '1', 'write-only' = 'true')",
    );
    for v in 1..=4 {
        folder.sql(&format!("INSERT INTO db.t VALUES (1, {v})"));
    }
    folder
}

fn snapshots(folder: &Folder) -> String {
    folder.sql("SELECT snapshot_id FROM db.\"t$snapshots\" ORDER BY snapshot_id").replace('\n', " ")
}

#[test]
fn without_a_yes_nothing_is_deleted() {
    let folder = filled();
    let ran = folder.tide(&["snapshot", "expire", "db.t", "--retain-max", "2", "--retain-min", "1"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(0), ""), "{}", ran.stderr);
    assert!(ran.stderr.starts_with("would delete 2 snapshots, "), "{}", ran.stderr);
    assert!(ran.stderr.ends_with("nothing was deleted; with --yes it is\n"), "{}", ran.stderr);
    assert_eq!(snapshots(&folder), "snapshot_id 1 2 3 4 ");

    let ran = folder.tide(&["snapshot", "expire", "db.t", "--retain-max", "2", "--retain-min", "1", "--yes"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(ran.stderr.starts_with("deleted 2 snapshots, ") && ran.stderr.contains("the oldest kept is 3"), "{ran:?}");
    assert_eq!(snapshots(&folder), "snapshot_id 3 4 ");
    assert_eq!(folder.sql("SELECT k, v FROM db.t"), "k,v\n1,4\n");
    let fsck = folder.tide(&["fsck", "db.t"]);
    assert_eq!(fsck.code, Some(0), "{}{}", fsck.stdout, fsck.stderr);

    let ran = folder.tide(&["snapshot", "expire", "db.t", "--yes"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), "nothing to expire: db.t keeps all its snapshots\n"));
}

#[test]
fn time_decides_too() {
    let folder = filled();
    let expire =
        |older: &str| folder.tide(&["snapshot", "expire", "db.t", "--retain-min", "1", "--older-than", older, "--yes"]);
    let none = expire("2001-01-01");
    assert_eq!((none.code, none.stderr.as_str()), (Some(0), "nothing to expire: db.t keeps all its snapshots\n"));
    assert_eq!(expire("soon").code, Some(2));
    let all = expire("2999-01-01T00:00");
    assert_eq!(all.code, Some(0), "{}", all.stderr);
    assert_eq!(snapshots(&folder), "snapshot_id 4 ");
}

#[test]
fn a_tag_keeps_what_it_names() {
    let folder = filled();
    let tag = |args: &[&str]| folder.tide(&[&["tag"], args].concat());
    let made = tag(&["create", "db.t", "first", "--snapshot", "1"]);
    assert_eq!((made.code, made.stderr.as_str()), (Some(0), "tag first of db.t keeps snapshot 1\n"));
    let latest = tag(&["create", "db.t", "latest"]);
    assert_eq!((latest.code, latest.stderr.as_str()), (Some(0), "tag latest of db.t keeps snapshot 4\n"));
    let listed = tag(&["ls", "db.t", "-f", "ndjson"]);
    assert_eq!(listed.code, Some(0), "{}", listed.stderr);
    assert!(listed.stdout.contains("\"tag_name\":\"first\",\"snapshot_id\":1"), "{}", listed.stdout);
    assert_eq!(listed.stdout.lines().count(), 2);

    let ran = folder.tide(&["snapshot", "expire", "db.t", "--retain-max", "1", "--retain-min", "1", "--yes"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert_eq!(folder.tide(&["table", "read", "db.t@first", "-f", "csv"]).stdout, "k,v\n1,1\n");
    let gone = tag(&["delete", "db.t", "first"]);
    assert_eq!(gone.code, Some(0), "{}", gone.stderr);
    assert!(gone.stderr.starts_with("deleted the tag first of db.t, "), "{}", gone.stderr);
    for (args, code, told) in [
        (&["delete", "db.t", "first"][..], 4, "tide tag ls db.t"),
        (&["create", "db.t", "x", "--snapshot", "1"], 4, "1"),
        (&["create", "db.t", "latest"], 1, "latest"),
        (&["create", "db.t", "17"], 1, "17"),
        (&["ls", "db.none"], 4, "db.none"),
    ] {
        let ran = tag(args);
        assert!(ran.stderr.starts_with("error: ") && ran.stderr.contains(told), "{args:?}: {}", ran.stderr);
        assert_eq!(ran.code, Some(code), "{args:?}: {}", ran.stderr);
    }
    let fsck = folder.tide(&["fsck", "db.t"]);
    assert_eq!(fsck.code, Some(0), "{}{}", fsck.stdout, fsck.stderr);
}
