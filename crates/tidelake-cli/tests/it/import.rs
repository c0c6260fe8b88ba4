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

#[test]
fn a_value_that_does_not_fit_is_refused_by_row_and_column() {
    let folder = Folder::new();
    folder.sql("CREATE DATABASE db");
    folder.sql(
        "CREATE TABLE db.t (k INT, b BYTES, t TIME, r ROW<a SMALLINT, b BYTES>, l ARRAY<TIME>, m MAP<INT, BIGINT>, \
         PRIMARY KEY (k) NOT ENFORCED) WITH ('bucket' = '1')",
    );
    let import = |name: &str, content: &str| {
        let file = folder.file(name, content);
        folder.tide(&["table", "import", "db.t", &file])
    };
    for (name, content, told) in [
        ("a.ndjson", "{\"k\":1}\n{\"k\":71.5}\n", "row 2: `71.5` in column `k` is not INT"),
        ("a.ndjson", "{\"k\":3000000000}\n", "row 1: `3000000000` in column `k`"),
        ("a.ndjson", "{\"k\":1,\"r\":{\"a\":0.5}}\n", "row 1: `{a: 0.5"),
        ("a.ndjson", "{\"k\":1,\"m\":{\"1\":1}}\n{\"k\":2,\"m\":{\"1\":1.5}}\n", "row 2: `{1"),
        ("a.ndjson", "{\"k\":\"four\"}\n", "four"),
        ("a.ndjson", "{\"k\":1,\"b\":\"abc\"}\n", "row 1: `abc` in column `b` is not BYTES"),
        ("a.ndjson", "{\"k\":1,\"r\":{\"b\":\"0g\"}}\n", "column `r`"),
        ("a.ndjson", "{\"k\":1,\"t\":86400000}\n", "row 1: a value in column `t` is not TIME"),
        ("a.ndjson", "{\"k\":1,\"t\":0}\n{\"k\":2,\"t\":-5}\n", "row 2: a value in column `t` is not TIME"),
        ("a.ndjson", "{\"k\":1,\"l\":[0, -1]}\n", "column `l`"),
        ("a.csv", "k,b\n1,00\n2,abc\n", "row 2: `abc` in column `b` is not BYTES"),
        ("a.csv", "k,b\n1,xy\n", "row 1: `xy` in column `b` is not BYTES"),
        ("a.csv", "k,t\n1,25:00:00\n", "row 1: `25:00:00` in column `t` is not TIME"),
        ("a.csv", "k,t\n1,soon\n", "row 1: `soon` in column `t` is not TIME"),
        ("a.csv", "k,t\n1.5,\n", "1.5"),
    ] {
        let ran = import(name, content);
        assert_eq!(ran.code, Some(1), "{content}: {}", ran.stderr);
        assert!(ran.stderr.contains(told), "{content}: {}", ran.stderr);
        assert!(!ran.stderr.contains("panicked"), "{content}: {}", ran.stderr);
    }
    let fits =
        "{\"k\":1.0,\"b\":\"00Ff\",\"t\":\"23:59:59\",\"r\":{\"a\":-7,\"b\":\"\"},\"l\":[null,0],\"m\":{\"1\":1e3}}\n";
    let ran = import("a.ndjson", fits);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let ran = import("a.csv", "k,b,t\n2,00ff,00:00:01\n3,,\n");
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert_eq!(
        folder.tide(&["table", "read", "db.t", "-f", "csv"]).stdout,
        "k,b,t,r,l,m\n1,00ff,23:59:59,\"{\"\"a\"\":-7,\"\"b\"\":\"\"\"\"}\",\"[null,\"\"00:00:00\"\"]\",\"{\"\"1\"\":1000}\"\n\
         2,00ff,00:00:01,,,\n3,,,,,\n"
    );
}

#[test]
fn a_parquet_file_keeps_its_values_or_is_refused() {
    let folder = Folder::new();
    folder.sql("CREATE DATABASE db");
    let only_file = |table: &str| {
        let bucket = folder.path().join(format!("lake/db.db/{table}/bucket-0"));
        let file = std::fs::read_dir(bucket).unwrap().next().unwrap().unwrap().path();
        file.to_str().unwrap().to_owned()
    };
    folder.sql("CREATE TABLE db.whole (n DOUBLE, s STRING) WITH ('file.format' = 'parquet')");
    folder.sql("INSERT INTO db.whole VALUES (23.0, 'ab'), (-4.0, NULL)");
    folder.sql("CREATE TABLE db.broken (n DOUBLE) WITH ('file.format' = 'parquet')");
    folder.sql("INSERT INTO db.broken VALUES (1.0), (23.7)");
    folder.sql("CREATE TABLE db.t (n INT, s BYTES) WITH ('file.format' = 'parquet')");
    let ran = folder.tide(&["table", "import", "db.t", &only_file("whole")]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let ran = folder.tide(&["table", "import", "db.t", &only_file("broken")]);
    assert_eq!(ran.code, Some(1), "{}", ran.stderr);
    assert!(ran.stderr.contains("row 2: `23.7` in column `n` is not INT"), "{}", ran.stderr);
    assert_eq!(folder.tide(&["table", "read", "db.t", "-f", "csv"]).stdout, "n,s\n23,6162\n-4,\n");

    let damaged = folder.file("damaged.parquet", "PAR1 and nothing of the kind");
    let ran = folder.tide(&["table", "import", "db.t", &damaged]);
    assert_eq!(ran.code, Some(1), "{}", ran.stderr);
    let hint = ran.stderr.lines().last().unwrap();
    assert!(hint.starts_with("hint: ") && hint.contains("damaged.parquet"), "{}", ran.stderr);
}

#[test]
fn every_row_says_what_it_does_in_the_column_that_was_named() {
    let folder = people();
    for (name, content, told) in [
        ("a.csv", "id,name\n1,Ada\n", "no column `op`"),
        ("a.csv", "id,op\n1,I\n2,\n", "row 2: nothing in column `op`"),
        ("a.csv", "id,op\n1,X\n", "row 1: `X` in column `op`"),
        ("a.ndjson", "{\"id\":1,\"name\":\"Ada\"}\n", "row 1: nothing in column `op`"),
        ("a.jsonl", "{\"id\":1,\"name\":\"Ada\",\"born\":null}\n", "row 1: nothing in column `op`"),
    ] {
        let file = folder.file(name, content);
        let ran = folder.tide(&["table", "import", "db.people", &file, "--op-column", "op"]);
        assert_eq!(ran.code, Some(1), "{content}: {}", ran.stderr);
        assert!(ran.stderr.contains(told), "{content}: {}", ran.stderr);
    }
    let file = folder.file("a.jsonl", "{\"id\":1}\n");
    let canonical = ["table", "import", "db.people", &file, "--op-column", "op", "--format", "canonical"];
    let ran = folder.tide(&canonical);
    assert_eq!(ran.code, Some(1), "{}", ran.stderr);
    assert!(ran.stderr.contains("_kind"), "{}", ran.stderr);
    // Kinds that nobody asked for may be missing.
    let file = folder.file("a.csv", "id,name,_kind\n1,Ada,\n2,Eve,+I\n1,,-D\n");
    let ran = folder.tide(&["table", "import", "db.people", &file]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert_eq!(folder.sql("SELECT id, name FROM db.people"), "id,name\n2,Eve\n");
}

#[test]
fn many_files_and_patterns_are_one_commit() {
    let folder = people();
    folder.file("day-1.csv", "id,name\n1,Ada\n");
    folder.file("day-2.csv", "name,id\nGrace,2\nAda L.,1\n");
    let more = folder.file("more.ndjson", "{\"id\":3,\"name\":\"Eve\"}\n\n{\"id\":4}");
    let pattern = folder.path().join("day-*.csv");
    let ran = folder.tide(&["table", "import", "db.people", &more, pattern.to_str().unwrap()]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let lines: Vec<_> = ran.stderr.lines().collect();
    assert_eq!(lines[0], "imported 5 rows into db.people: snapshot 1");
    assert!(lines[1].starts_with("5 rows in ") && lines[1].contains(" rows/s, ") && lines[1].contains(" MB/s"));
    #[cfg(target_os = "linux")]
    assert!(lines[1].contains(", peak memory ") && lines[1].ends_with(" MiB"), "{}", ran.stderr);
    assert_eq!((lines.len(), ran.stdout.as_str()), (2, ""), "no bar without a terminal");
    assert_eq!(folder.sql("SELECT id, name FROM db.people ORDER BY id"), "id,name\n1,Ada L.\n2,Grace\n3,Eve\n4,\n");

    let wrong = folder.file("day-3.csv", "id,name\n5,x\nsix,y\n");
    let nothing = folder.path().join("month-*.csv");
    for (files, code, told) in [
        (&[pattern.to_str().unwrap()][..], 1, &["day-3.csv", "line 3", "six"][..]),
        (&[nothing.to_str().unwrap()], 4, &["no file matches", "month-*.csv"]),
        (&[&more, "-", "-", "--format", "ndjson"], 2, &["standard input"]),
        (&[&more, &wrong, "not-there.csv"], 1, &["day-3.csv"]),
        (&[&more, "not-there.csv"], 4, &["not-there.csv"]),
        (&[], 2, &["FILE"]),
    ] {
        let ran = folder.tide(&[&["table", "import", "db.people"], files].concat());
        assert_eq!(ran.code, Some(code), "{files:?}: {}", ran.stderr);
        assert!(told.iter().all(|told| ran.stderr.contains(told)), "{files:?}: {}", ran.stderr);
    }
    assert_eq!(folder.sql("SELECT count(*) FROM db.\"people$snapshots\"").lines().last(), Some("1"));
}

#[test]
fn standard_input_is_a_file_of_every_format() {
    let folder = people();
    folder.sql("CREATE TABLE db.source (id INT, name STRING) WITH ('file.format' = 'parquet')");
    folder.sql("INSERT INTO db.source VALUES (4, 'Joan')");
    let bucket = folder.path().join("lake/db.db/source/bucket-0");
    let parquet = std::fs::read(std::fs::read_dir(bucket).unwrap().next().unwrap().unwrap().path()).unwrap();
    for (format, content) in [
        ("csv", b"id,name\n1,Ada\n".as_slice()),
        ("ndjson", b"{\"id\":2,\"name\":\"Grace\"}"),
        ("canonical", b"{\"_kind\":\"+I\",\"id\":3,\"name\":\"Eve\",\"born\":null}\n"),
        ("parquet", &parquet),
    ] {
        let ran = folder.tide_with(&["table", "import", "db.people", "-", "--format", format], content);
        assert_eq!(ran.code, Some(0), "{format}: {}", ran.stderr);
        assert!(ran.stderr.starts_with("imported 1 rows"), "{}", ran.stderr);
    }
    assert_eq!(folder.sql("SELECT id, name FROM db.people ORDER BY id"), "id,name\n1,Ada\n2,Grace\n3,Eve\n4,Joan\n");
}

/// A file is read in pieces: what is wrong behind the first is still told by its line.
#[test]
fn json_lines_are_told_by_their_number_however_far_down() {
    let folder = people();
    let good = |count: usize| (0..count).map(|id| format!("{{\"id\":{id},\"name\":\"n\"}}\n")).collect::<String>();
    for (name, rows, bad, told) in [
        ("a.ndjson", 20_000, "{\"id\":1,\"nam", "line 20001"),
        ("a.ndjson", 3, "{\"id\":1,\"nam\":\"x\"}\n", "line 4"),
        ("a.ndjson", 10_000, "{\"id\":0.5}\n", "row 10001: `0.5` in column `id`"),
        ("a.ndjson", 0, "[{\"id\":1}]\n", "one object a line"),
        ("a.jsonl", 20_000, "{\"id\":\"x\"}\n", "line 20001"),
        ("a.jsonl", 0, "{\"id\":1}\n{\"id\":\"x\"}\n", "line 2"),
    ] {
        let file = folder.file(name, good(rows) + bad);
        let ran = folder.tide(&["table", "import", "db.people", &file]);
        assert_eq!(ran.code, Some(1), "{bad}: {}", ran.stderr);
        assert!(ran.stderr.contains(told), "{bad}: {}", ran.stderr);
    }
    // Objects may spread over lines, and share one.
    let file = folder.file("a.json", good(9_000) + "{\"id\":\n9000}\n{\"id\":9001}{\"id\":9002}\n");
    let ran = folder.tide(&["table", "import", "db.people", &file]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert_eq!(folder.sql("SELECT count(*), max(id) FROM db.people").lines().last(), Some("9003,9002"));
}

#[test]
fn jsonl_files_are_canonical_or_plain() {
    let folder = Folder::new();
    folder.sql("CREATE DATABASE db");
    folder.sql("CREATE TABLE db.t (k INT, m MAP<STRING, INT>)");
    let canonical = folder.file("canonical.jsonl", "{\"k\":1,\"m\":[[\"a\",1]]}\n");
    let plain = folder.file("plain.jsonl", "{\"k\":2}\n{\"k\":3,\"m\":{\"b\":2}}\n");
    let ran = folder.tide(&["table", "import", "db.t", &canonical, &plain]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let read = folder.tide(&["table", "read", "db.t", "-f", "ndjson"]).stdout;
    assert_eq!(read, "{\"k\":1,\"m\":{\"a\":1}}\n{\"k\":2,\"m\":null}\n{\"k\":3,\"m\":{\"b\":2}}\n");
    let ran = folder.tide(&["table", "import", "db.t", &plain, "--format", "canonical"]);
    assert!(ran.code == Some(1) && ran.stderr.contains("line 2"), "{}", ran.stderr);
}

#[test]
fn rows_replace_a_partition_or_the_whole_table() {
    let folder = Folder::new();
    folder.sql("CREATE DATABASE db");
    folder.sql("CREATE TABLE db.t (p INT, q STRING, v INT) PARTITIONED BY (p, q)");
    folder.sql("INSERT INTO db.t VALUES (1, 'a', 1), (1, 'b', 2), (2, 'a', 3)");
    let import = |content: &str, overwrite: &[&str]| {
        let file = folder.file("rows.csv", format!("p,q,v\n{content}"));
        folder.tide(&[&["table", "import", "db.t", &file], overwrite].concat())
    };
    let rows = || folder.sql("SELECT p, q, v FROM db.t ORDER BY p, q, v").replace('\n', " ");
    for (content, partition, left) in [
        ("1,a,10\n", "p=1,q=a", "p,q,v 1,a,10 1,b,2 2,a,3 "),
        ("1,c,5\n", "p = 1", "p,q,v 1,c,5 2,a,3 "),
        ("2,a,6\n", "p = 2 AND q = 'a'", "p,q,v 1,c,5 2,a,6 "),
        ("3,d,7\n", "", "p,q,v 3,d,7 "),
    ] {
        let ran = import(content, &["--overwrite", partition]);
        assert_eq!(ran.code, Some(0), "{partition}: {}", ran.stderr);
        assert_eq!(rows(), left, "{partition}");
    }
    for (content, partition, code, told) in [
        ("4,a,1\n", "p=3", 1, "p"),
        ("3,a,1\n", "r=3", 1, "`r` is not a partition column (there are: p, q)"),
        ("3,a,1\n", "p", 2, "`p` gives no value"),
        ("3,a,1\n", "p=3,p=4", 2, "two values"),
        ("3,a,1\n", "p=three", 1, "three"),
    ] {
        let ran = import(content, &["--overwrite", partition]);
        assert_eq!(ran.code, Some(code), "{partition}: {}", ran.stderr);
        assert!(ran.stderr.contains(told), "{partition}: {}", ran.stderr);
    }
    assert_eq!(rows(), "p,q,v 3,d,7 ");
    let once = ["--overwrite", "p=3", "--commit-user", "u", "--commit-id", "1"];
    for told in ["imported 1 rows", "nothing changed"] {
        let ran = import("3,d,8\n", &once);
        assert!(ran.code == Some(0) && ran.stderr.starts_with(told), "{}", ran.stderr);
    }
    assert_eq!(rows(), "p,q,v 3,d,8 ");
    let ran = import("", &["--overwrite", ""]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert_eq!(rows(), "p,q,v ");
}
