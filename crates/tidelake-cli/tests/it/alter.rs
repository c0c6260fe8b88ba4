//! `tide table alter`: several changes are one new schema, or nothing and a reason.

use crate::tide::Folder;

fn filled() -> Folder {
    let folder = Folder::new();
    folder.sql("CREATE DATABASE db");
    folder.sql("CREATE TABLE db.t (k INT, v INT, w STRING, PRIMARY KEY (k) NOT ENFORCED) WITH ('bucket' = '1')");
    folder.sql("INSERT INTO db.t VALUES (1, 10, 'a')");
    folder
}

#[test]
fn changes_of_one_call_are_one_schema() {
    let folder = filled();
    let changes =
        ["add note STRING", "rename v amount", "type amount BIGINT", "drop w", "set snapshot.num-retained.max 50"];
    let ran = folder.tide(&[&["table", "alter", "db.t"], &changes[..]].concat());
    assert_eq!((ran.code, ran.stderr.as_str(), ran.stdout.as_str()), (Some(0), "altered db.t: schema 1\n", ""));
    folder.sql("INSERT INTO db.t VALUES (2, 3000000000, 'new')");
    assert_eq!(folder.sql("SELECT * FROM db.t ORDER BY k"), "k,amount,note\n1,10,\n2,3000000000,new\n");
    let options = folder.sql("SELECT value FROM db.\"t$options\" WHERE key = 'snapshot.num-retained.max'");
    assert_eq!(options.lines().last(), Some("50"));
    let ran = folder.tide(&["table", "alter", "db.t", "unset snapshot.num-retained.max"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), "altered db.t: schema 2\n"));
}

#[test]
fn what_cannot_be_changed_changes_nothing() {
    let folder = filled();
    for (changes, code, told) in [
        (&["add note STRING", "drop nothing"][..], 1, "nothing"),
        (&["drop k"], 1, "k"),
        (&["grow v"], 2, "grow"),
        (&["add v INT"], 1, "already"),
        (&[], 2, "CHANGE"),
    ] {
        let ran = folder.tide(&[&["table", "alter", "db.t"], changes].concat());
        assert!(ran.stderr.starts_with("error: ") && ran.stderr.contains(told), "{changes:?}: {}", ran.stderr);
        assert_eq!(ran.code, Some(code), "{changes:?}: {}", ran.stderr);
    }
    assert_eq!(folder.tide(&["table", "alter", "db.none", "drop v"]).code, Some(4));
    assert_eq!(folder.sql("SELECT count(*) FROM db.\"t$schemas\"").lines().last(), Some("1"));
}
