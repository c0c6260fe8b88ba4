//! `tide table import`: whole files, or nothing and a reason.

use crate::tide::Folder;

fn people() -> Folder {
    let folder = Folder::new();
    folder.sql("CREATE DATABASE db");
    folder.sql(
        "CREATE TABLE db.people (id INT, name STRING, born DATE, PRIMARY KEY (id) NOT ENFORCED) WITH ('bucket' = '1')",
    );
    folder
}

#[test]
fn a_csv_file_is_one_commit() {
    let folder = people();
    let first = folder.file("first.csv", "name,id,born\nAda,1,1815-12-10\n\"Hopper, Grace\",2,\nGone,3,2000-01-01\n");
    let ran = folder.tide(&["table", "import", "db.people", &first]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let second = folder.file("second.csv", "id,name,born,op\n3,,,D\n1,Ada L.,1815-12-10,U\n");
    let ran = folder.tide(&["table", "import", "db.people", &second, "--op-column", "op"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert_eq!(
        folder.sql("SELECT id, name, born FROM db.people ORDER BY id"),
        "id,name,born\n1,Ada L.,1815-12-10\n2,\"Hopper, Grace\",\n"
    );
    assert_eq!(folder.sql("SELECT count(*) FROM db.\"people$snapshots\"").lines().last(), Some("2"));
}

#[test]
fn a_wrong_csv_file_is_told_by_its_name_and_changes_nothing() {
    let folder = people();
    let wrong: [(&str, &[u8], &str); 10] = [
        ("a word for a number", b"id,name,born\n1,Ada,1815-12-10\nfour,Eve,1999-01-01\n", "four"),
        ("a word for a date", b"id,name,born\n1,Ada,soon\n", "soon"),
        ("too few fields", b"id,name,born\n1,Ada\n", "fields"),
        ("too many fields", b"id,name,born\n1,Ada,1815-12-10,x\n", "fields"),
        ("a quote without end", b"id,name,born\n1,\"Ada,1815-12-10\n2,Eve,1999-01-01\n", ""),
        ("not UTF-8", b"id,name,born\n1,\xff\xfe,1815-12-10\n", "UTF-8"),
        ("no such column", b"id,name,age\n1,Ada,36\n", "age"),
        ("a column twice", b"id,name,name\n1,Ada,Ada\n", "name"),
        ("a key without value", b"id,name,born\n,Ada,1815-12-10\n", "id"),
        ("nothing at all", b"", "header"),
    ];
    for (what, content, told) in wrong {
        let file = folder.file("wrong.csv", content);
        let ran = folder.tide(&["table", "import", "db.people", &file]);
        assert_eq!(ran.code, Some(1), "{what}: {}", ran.stderr);
        assert!(ran.stderr.contains("wrong.csv") && ran.stderr.contains(told), "{what}: {}", ran.stderr);
        assert!(!ran.stderr.contains("panicked"), "{what}: {}", ran.stderr);
    }
    assert_eq!(folder.sql("SELECT count(*) FROM db.\"people$snapshots\"").lines().last(), Some("0"));
}
