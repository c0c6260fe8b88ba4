//! `tide table read`, `tide sql`: conditions, and what the formats print.

use std::process::{Command, Stdio};

use crate::tide::Folder;

const FORMATS: [&str; 5] = ["table", "json", "ndjson", "csv", "canonical"];

fn events() -> Folder {
    let folder = Folder::new();
    folder.sql("CREATE DATABASE db");
    folder.sql(
        "CREATE TABLE db.t (k INT, ts TIMESTAMP(3), f DOUBLE, m MAP<STRING, INT>, n MAP<INT, FLOAT>, \
         PRIMARY KEY (k) NOT ENFORCED) WITH ('bucket' = '1')",
    );
    let rows = folder.file(
        "rows.jsonl",
        "{\"k\":1,\"ts\":\"9999-12-31 00:00:00\",\"f\":\"NaN\",\"m\":[[\"a\",null]],\"n\":[[7,\"Infinity\"]]}\n\
         {\"k\":2,\"ts\":\"2001-02-03 04:05:06\",\"f\":\"-Infinity\",\"m\":[[\"b\",2]],\"n\":[]}\n\
         {\"k\":3,\"ts\":null,\"f\":0.5,\"m\":null,\"n\":null}\n",
    );
    let ran = folder.tide(&["table", "import", "db.t", &rows]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    folder
}

#[test]
fn a_condition_is_understood_as_it_is_behind_where() {
    let folder = events();
    for (condition, keys) in [
        ("ts > '2020-01-01 00:00:00'", "1 "),
        ("ts < '2020-01-01 00:00:00' OR k + 1 = 4", "2 3 "),
        ("coalesce(k = 3, false)", "3 "),
        ("k = 99999999999", ""),
        ("k = NULL", ""),
        ("k BETWEEN 1 AND 2 AND true", "1 2 "),
    ] {
        let ran = folder.tide(&["table", "read", "db.t", "-s", "k", "-f", "csv", "--where", condition]);
        assert_eq!(ran.code, Some(0), "{condition}: {}", ran.stderr);
        assert_eq!(ran.stdout.replace('\n', " "), format!("k {keys}"), "{condition}");
    }
    for not_a_condition in ["k", "'x'", "k + 1", "NULL"] {
        for table in ["db.t", "db.t$files"] {
            let condition = if table == "db.t" { not_a_condition } else { "record_count" };
            let ran = folder.tide(&["table", "read", table, "--where", condition]);
            assert_eq!(ran.code, Some(1), "{condition}: {}", ran.stderr);
            assert!(ran.stderr.contains("no condition"), "{condition}: {}", ran.stderr);
        }
    }
}

#[test]
fn no_format_loses_what_a_value_is() {
    let folder = events();
    let read = |format| folder.tide(&["table", "read", "db.t", "-f", format]).stdout;
    assert_eq!(
        read("ndjson"),
        r#"{"k":1,"ts":"9999-12-31T00:00:00","f":"NaN","m":{"a":null},"n":{"7":"Infinity"}}
{"k":2,"ts":"2001-02-03T04:05:06","f":"-Infinity","m":{"b":2},"n":{}}
{"k":3,"ts":null,"f":0.5,"m":null,"n":null}
"#
    );
    assert_eq!(
        read("csv"),
        r#"k,ts,f,m,n
1,9999-12-31T00:00:00,NaN,"{""a"":null}","{""7"":""Infinity""}"
2,2001-02-03T04:05:06,-inf,"{""b"":2}",{}
3,,0.5,,
"#
    );
    // What was printed is what is imported.
    folder.sql("CREATE TABLE db.again (k INT, ts TIMESTAMP(3), f DOUBLE, m MAP<STRING, INT>, n MAP<INT, FLOAT>)");
    let printed = folder.file("printed.ndjson", read("ndjson"));
    let ran = folder.tide(&["table", "import", "db.again", &printed]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert_eq!(folder.tide(&["table", "read", "db.again", "-f", "canonical"]).stdout, read("canonical"));
    let files = folder.tide(&["table", "read", "db.t$files", "-f", "csv"]);
    assert_eq!((files.code, files.stdout.lines().count()), (Some(0), 2), "{}", files.stderr);
}

#[test]
fn every_query_is_printed_whatever_types_it_gives() {
    let folder = Folder::new();
    let query = "SELECT NULL AS n, INTERVAL '1 day' AS i, row_number() OVER () AS r, [1, 2] AS l, map([1], [2]) AS m";
    let printed = FORMATS.map(|format| {
        let ran = folder.tide(&["sql", "--format", format, "-c", query]);
        assert_eq!(ran.code, Some(0), "{format}: {}", ran.stderr);
        ran.stdout
    });
    assert!(printed[0].contains("1 days"), "{}", printed[0]);
    assert_eq!(printed[2], "{\"n\":null,\"i\":\"1 days\",\"r\":1,\"l\":[1,2],\"m\":{\"1\":2}}\n");
    assert_eq!(printed[3], "n,i,r,l,m\n,1 days,1,\"[1,2]\",\"{\"\"1\"\":2}\"\n");
    assert_eq!(printed[4], "{\"n\":null,\"i\":\"1 days\",\"r\":\"1\",\"l\":[1,2],\"m\":[[1,2]]}\n");
    for (format, none) in [("csv", "a\n"), ("json", "[]\n"), ("ndjson", "")] {
        let ran = folder.tide(&["sql", "--format", format, "-c", "SELECT NULL AS a WHERE false"]);
        assert_eq!((ran.code, ran.stdout.as_str()), (Some(0), none), "{format}: {}", ran.stderr);
    }
}

#[test]
fn a_stream_ends_after_its_last_plan() {
    let folder = events();
    for (format, plan, nothing) in [("json", "[{", "[]\n"), ("table", "+---", "+---+")] {
        let tail = |from| {
            let ran = folder.tide(&["tail", "db.t", "-s", "k", "--from", from, "--until-idle", "50ms", "-f", format]);
            assert_eq!(ran.code, Some(0), "{format}: {}", ran.stderr);
            ran.stdout
        };
        let printed = tail("snapshot:1");
        assert!(printed.starts_with(plan) && !printed.contains("[]"), "{printed}");
        assert_eq!(printed.matches('k').count(), if format == "json" { 3 } else { 1 }, "{printed}");
        assert!(tail("latest").starts_with(nothing), "{format}");
    }
}

#[test]
fn every_format_ends_quietly_without_a_reader_and_fails_alike_on_a_full_disk() {
    let folder = Folder::new();
    let tide = |format, stdout: Stdio| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tide"));
        command.args(["sql", "-c", "SELECT unnest(range(0, 100000)) AS n", "--format", format]);
        command.arg("-w").arg(folder.path().join("lake")).stdout(stdout).stderr(Stdio::piped()).spawn().unwrap()
    };
    for format in FORMATS {
        let mut run = tide(format, Stdio::piped());
        drop(run.stdout.take());
        let ran = run.wait_with_output().unwrap();
        assert_eq!(ran.status.code(), Some(0), "{format}");
        assert_eq!(String::from_utf8_lossy(&ran.stderr), "", "{format}");
    }
    if let Ok(full) = std::fs::OpenOptions::new().write(true).open("/dev/full") {
        for format in FORMATS {
            let ran = tide(format, full.try_clone().unwrap().into()).wait_with_output().unwrap();
            assert_eq!(ran.status.code(), Some(75), "{format}: {}", String::from_utf8_lossy(&ran.stderr));
        }
    }
}

/// A number in a condition is the number that is written, not the nearest floating-point one.
#[test]
fn decimals_are_compared_as_they_are_written() {
    let folder = Folder::new();
    folder.sql("CREATE DATABASE db");
    folder.sql("CREATE TABLE db.t (k INT, x DECIMAL(12, 2))");
    folder.sql(
        "INSERT INTO db.t VALUES (1, CAST('-3743252828.80' AS DECIMAL(12, 2))), (2, CAST('0.10' AS DECIMAL(12, 2)))",
    );
    for (condition, keys) in [
        ("x = -3743252828.80", "k\n1\n"),
        ("x < -3743252828.80", "k\n"),
        ("x IN (-3743252828.80, 0.1)", "k\n1\n2\n"),
        ("x = -3743252828.80 AND coalesce(k = 1, false)", "k\n1\n"),
        ("x <> -3743252828.80 OR k > 1", "k\n2\n"),
    ] {
        let ran = folder.tide(&["table", "read", "db.t", "--select", "k", "-f", "csv", "--where", condition]);
        assert_eq!((ran.code, ran.stdout.as_str()), (Some(0), keys), "{condition}: {}", ran.stderr);
    }
}
