//! Exit codes, streams and hints.

use crate::tide::Folder;

#[test]
fn exit_codes_say_what_kind_of_failure_it_was() {
    let folder = Folder::new();
    folder.sql("CREATE DATABASE db");
    folder.sql("CREATE TABLE db.t (k INT, v STRING, PRIMARY KEY (k) NOT ENFORCED) WITH ('bucket' = '1')");
    let rows = folder.file("rows.csv", "k,v\n1,a\n");
    let import = |id| folder.tide(&["table", "import", "db.t", &rows, "--commit-user", "loader", "--commit-id", id]);

    assert_eq!(import("7").code, Some(0));
    let again = import("7");
    assert_eq!(again.code, Some(0));
    assert!(again.stderr.contains("nothing changed") && again.stderr.contains("snapshot 1"), "{}", again.stderr);
    let older = import("5");
    assert_eq!(older.code, Some(3), "{}", older.stderr);

    for (args, code) in [
        (&["table", "read", "db.none"][..], 4),
        (&["table", "read", "none.t"], 4),
        (&["sql", "-c", "SELECT * FROM db.none"], 4),
        (&["sql", "-c", "SELEKT"], 1),
        (&["table", "read", "db.t", "--where", "nothing = 1"], 1),
        (&["table", "read", "db.t", "--option", "scan.snapshot-id=99"], 4),
        (&["table", "fly"], 2),
        (&["table", "read"], 2),
        (&["table", "create", "db.u", "--schema", "not/there.json"], 4),
    ] {
        let ran = folder.tide(args);
        assert_eq!(ran.code, Some(code), "{args:?}: {}", ran.stderr);
        assert_eq!(ran.stdout, "", "{args:?}");
        assert!(ran.stderr.starts_with("error: "), "{args:?}: {}", ran.stderr);
    }
    assert_eq!(folder.sql("SELECT * FROM db.t"), "k,v\n1,a\n");
}

#[test]
fn a_command_line_that_cannot_be_meant_is_told_so() {
    let folder = Folder::new();
    folder.sql("CREATE DATABASE db");
    folder.sql("CREATE TABLE db.t (k INT)");
    let path = folder.path().to_str().unwrap();
    for (args, code, told) in [
        (&["tail", "db.t", "--from", "yesterday"][..], 2, "latest-full"),
        (&["tail", "db.t", "--from", "snapshot:0"], 2, "snapshot:N"),
        (&["tail", "db.t", "--until", "3"], 2, "snapshot:N"),
        (&["tail", "db.t", "--until-idle", "soon"], 2, "500ms"),
        (&["-w", path, "sql", "-c", "SELECT 1"], 2, "behind the command"),
        (&["table", "import", "db.t", "-"], 2, "--format"),
        (&["table", "import", "db.t", "rows.txt"], 2, "--format"),
        (&["table", "create", "db.u", "--schema", path], 1, "not a folder"),
        (&["table", "import", "db.t", path, "--format", "csv"], 1, "not a folder"),
        (&["sql", "-f", path], 1, "not a folder"),
        (&["tail", "db.t", "--checkpoint", path], 1, "not a folder"),
        (&["sql", "-c", "SELECT 1", "-f", path], 2, "--file"),
    ] {
        let ran = folder.tide(args);
        assert_eq!(ran.code, Some(code), "{args:?}: {}", ran.stderr);
        assert!(ran.stderr.starts_with("error: ") && ran.stderr.contains(told), "{args:?}: {}", ran.stderr);
    }
    let nowhere =
        std::process::Command::new(env!("CARGO_BIN_EXE_tide")).args(["table", "ls", "-w", ""]).output().unwrap();
    assert_eq!(nowhere.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&nowhere.stderr).contains("hint: --warehouse"), "{nowhere:?}");
}

#[test]
fn a_missing_file_of_a_table_is_a_case_for_fsck() {
    let folder = Folder::new();
    folder.sql("CREATE DATABASE db");
    folder.sql("CREATE TABLE db.t (k INT)");
    folder.sql("INSERT INTO db.t VALUES (1)");
    std::fs::remove_dir_all(folder.path().join("lake/db.db/t/bucket-0")).unwrap();
    for args in [
        &["table", "read", "db.t"][..],
        &["tail", "db.t", "--from", "snapshot:1", "--until-idle", "50ms"],
        &["sql", "-c", "SELECT * FROM db.t"],
    ] {
        let ran = folder.tide(args);
        assert_eq!(ran.code, Some(4), "{args:?}: {}", ran.stderr);
        assert!(ran.stderr.contains("hint: `tide fsck"), "{args:?}: {}", ran.stderr);
    }
    let ran = folder.tide(&["fsck", "db.t"]);
    assert_eq!((ran.code, ran.stdout.lines().count()), (Some(1), 1), "{}", ran.stderr);
}

/// Columns and fields inside are numbered as Java does, however a schema is written.
#[test]
fn the_fields_of_a_new_table_are_numbered_or_keep_their_numbers() {
    let folder = Folder::new();
    let ids = |name: &str, fields: &str| {
        let schema = folder.file("schema.json", format!("{{\"fields\":[{fields}]}}"));
        let ran = folder.tide(&["table", "create", &format!("db.{name}"), "--schema", &schema]);
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        let shown = folder.tide(&["table", "get", &format!("db.{name}")]).stdout;
        let ids = shown.split("\"id\": ").skip(1).map(|rest| rest.split(',').next().unwrap().to_owned());
        ids.collect::<Vec<_>>().join(" ")
    };
    let text = r#"{"name":"a","type":"ARRAY<ROW<x INT, y ROW<z INT>>>"},{"name":"b","type":"INT"}"#;
    assert_eq!(ids("text", text), "0 1 3 2 4");
    let objects =
        r#"{"name":"a","type":{"type":"ROW","fields":[{"name":"x","type":"INT"}]}},{"name":"b","type":"INT"}"#;
    assert_eq!(ids("objects", objects), "0 1 2");
    let numbered = r#"{"id":3,"name":"a","type":"ROW<x INT>"},{"id":7,"name":"b","type":"INT"}"#;
    assert_eq!(ids("numbered", numbered), "3 8 7");
    let whole = r#"{"id":0,"name":"a","type":{"type":"ROW","fields":[{"id":5,"name":"x","type":"INT"}]}},{"id":1,"name":"b","type":"INT"}"#;
    assert_eq!(ids("whole", whole), "0 5 1");
}

#[test]
fn a_version_is_part_of_a_tables_address() {
    let folder = Folder::new();
    folder.sql("CREATE DATABASE db");
    folder.sql("CREATE TABLE db.t (k INT)");
    folder.sql("INSERT INTO db.t VALUES (1)");
    folder.sql("INSERT INTO db.t VALUES (2)");
    for (address, rows) in
        [("db.t", "k 1 2 "), ("db.t@v1", "k 1 "), ("db.t@1", "k 1 "), ("db.t@2999-01-01T00:00", "k 1 2 ")]
    {
        let ran = folder.tide(&["table", "read", address, "-f", "csv"]);
        assert_eq!((ran.code, ran.stdout.replace('\n', " ").as_str()), (Some(0), rows), "{address}: {}", ran.stderr);
    }
    let files = folder.tide(&["table", "read", "db.t@v1$files", "-f", "csv"]);
    assert_eq!((files.code, files.stdout.lines().count()), (Some(0), 2), "{}", files.stderr);
    for (args, code, told) in [
        (&["table", "read", "db.t@v7"][..], 4, "7"),
        (&["table", "read", "db.t@nothing"], 4, "nothing"),
        (&["table", "import", "db.t@v1", "rows.csv"], 1, "can only be read"),
        (&["compact", "db.t@v1"], 1, "can only be read"),
    ] {
        let ran = folder.tide(args);
        assert_eq!(ran.code, Some(code), "{args:?}: {}", ran.stderr);
        assert!(ran.stderr.contains(told) && !ran.stderr.contains("fsck"), "{args:?}: {}", ran.stderr);
    }
}

#[test]
fn a_warehouse_that_is_not_there_is_said() {
    let folder = Folder::new();
    for args in [&["table", "ls"][..], &["table", "read", "db.t"]] {
        let ran = folder.tide(args);
        assert_eq!((ran.code, ran.stdout.as_str()), (Some(4), ""), "{args:?}: {}", ran.stderr);
        assert!(ran.stderr.contains("there is no warehouse") && ran.stderr.contains("lake"), "{}", ran.stderr);
    }
    std::fs::create_dir(folder.path().join("lake")).unwrap();
    let ran = folder.tide(&["table", "ls"]);
    assert_eq!((ran.code, ran.stdout.as_str(), ran.stderr.as_str()), (Some(0), "", ""));
}

#[test]
fn a_missing_manifest_is_a_case_for_fsck_and_a_missing_table_is_not() {
    let folder = Folder::new();
    folder.sql("CREATE DATABASE db");
    folder.sql("CREATE TABLE db.t (k INT)");
    folder.sql("INSERT INTO db.t VALUES (1)");
    let hint = |args: &[&str]| {
        let ran = folder.tide(args);
        assert_eq!(ran.code, Some(4), "{args:?}: {}", ran.stderr);
        ran.stderr.lines().last().unwrap().to_owned()
    };
    assert!(hint(&["table", "read", "db.none"]).contains("tide table ls"));
    std::fs::remove_dir_all(folder.path().join("lake/db.db/t/manifest")).unwrap();
    for args in [&["table", "read", "db.t"][..], &["sql", "-c", "SELECT * FROM db.t"], &["table", "read", "db.t$files"]]
    {
        assert!(hint(args).contains("tide fsck"), "{args:?}");
    }
}

#[test]
fn memory_is_a_size() {
    let folder = Folder::new();
    folder.sql("CREATE DATABASE db");
    for (size, code) in [("64MiB", 0), ("1g", 0), ("lots", 2), ("0", 2), ("5 parsecs", 2)] {
        assert_eq!(folder.tide(&["table", "ls", "--memory", size]).code, Some(code), "{size}");
        assert_eq!(folder.tide(&["--memory", size, "table", "ls"]).code, Some(code), "{size}");
    }
}
