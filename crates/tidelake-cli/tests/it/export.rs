//! `tide table export`: what it writes is what `import` reads.

use crate::tide::Folder;

const COLUMNS: &str = "k INT, b BOOLEAN, ti TINYINT, si SMALLINT, bi BIGINT, f FLOAT, d DOUBLE, n DECIMAL(38, 10), m DECIMAL(9, 2), \
    s STRING, c CHAR(3), x BYTES, day DATE, tod TIME(3), ts3 TIMESTAMP(3), ts6 TIMESTAMP(6), ts9 TIMESTAMP(9), \
    tz TIMESTAMP(6) WITH LOCAL TIME ZONE";
const NESTED: &str = "a ARRAY<INT>, r ROW<p STRING, q ARRAY<DOUBLE>>, mp MAP<STRING, BIGINT>";

/// Rows as canonical lines, without nested columns and with them.
const ROWS: [&str; 4] = [
    r#""k":1,"b":true,"ti":-128,"si":32767,"bi":-9223372036854775808,"f":"NaN","d":"-Infinity","n":"1234567890123456789012345678.0123456789","m":"-0.10","s":"a, \"b\"\n'c' ü","c":"abc","x":"00ff","day":"0001-01-01","tod":86399999,"ts3":"1969-12-31T23:59:59.999000000","ts6":"2024-02-29T01:02:03.000001000","ts9":"2024-02-29T01:02:03.123456789","tz":"2024-02-29T01:02:03.500000000Z""#,
    r#""k":2,"b":false,"ti":0,"si":-1,"bi":9223372036854775807,"f":3.4028235E38,"d":4.9E-324,"n":"0.0000000000","m":"9999999.99","s":"NULL","c":"  x","x":"aa","day":"9999-12-31","tod":0,"ts3":"9999-12-31T00:00:00.000000000","ts6":"1600-01-01T00:00:00.000000000","ts9":"1677-09-22T00:00:00.000000001","tz":"1900-01-01T00:00:00.000000000Z""#,
    r#""k":3,"b":null,"ti":null,"si":null,"bi":null,"f":0.1,"d":-0.0,"n":"-1.5000000000","m":null,"s":null,"c":null,"x":null,"day":null,"tod":null,"ts3":null,"ts6":null,"ts9":null,"tz":null"#,
    r#""k":4,"b":true,"ti":1,"si":1,"bi":1,"f":1.0E-45,"d":0.30000000000000004,"n":"0.1000000000","m":"1.00","s":"-","c":"z","x":"61","day":"1970-01-01","tod":1,"ts3":"1970-01-01T00:00:00.000000000","ts6":"1970-01-01T00:00:00.000000000","ts9":"1970-01-01T00:00:00.000000000","tz":"1970-01-01T00:00:00.000000000Z""#,
];
const NESTED_ROWS: [&str; 4] = [
    r#""a":[1,null,-3],"r":{"p":"x","q":[0.5,"NaN"]},"mp":[["a",1],["b c",null]]"#,
    r#""a":[],"r":{"p":null,"q":null},"mp":[]"#,
    r#""a":null,"r":null,"mp":null"#,
    r#""a":[7],"r":{"p":"","q":[]},"mp":[["",9223372036854775807]]"#,
];

#[test]
fn what_is_exported_is_imported_again() {
    let folder = Folder::new();
    folder.sql("CREATE DATABASE db");
    for (kind, columns, lines) in [
        ("flat", COLUMNS.to_owned(), ROWS.map(|row| format!("{{{row}}}"))),
        (
            "nested",
            format!("{COLUMNS}, {NESTED}"),
            std::array::from_fn(|row| format!("{{{},{}}}", ROWS[row], NESTED_ROWS[row])),
        ),
    ] {
        folder.sql(&format!("CREATE TABLE db.{kind} ({columns})"));
        let text = lines.join("\n") + "\n";
        let file = folder.file("rows.jsonl", &text);
        let ran = folder.tide(&["table", "import", &format!("db.{kind}"), &file, "--format", "canonical"]);
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        for (name, format) in
            [("x.parquet", None), ("x.ndjson", None), ("x.jsonl", None), ("x.out", Some("canonical")), ("x.csv", None)]
        {
            if kind == "nested" && name == "x.csv" {
                continue;
            }
            let path = folder.path().join(name).to_str().unwrap().to_owned();
            let table = format!("db.{kind}");
            let again = format!("db.{kind}_{}", name.replace('.', "_"));
            folder.sql(&format!("CREATE TABLE {again} ({columns})"));
            let format: Vec<&str> = format.into_iter().flat_map(|format| ["--format", format]).collect();
            let ran = folder.tide(&[&["table", "export", &table, &path], &format[..]].concat());
            assert_eq!((ran.code, ran.stdout.as_str()), (Some(0), ""), "{path}: {}", ran.stderr);
            let told: Vec<_> = ran.stderr.lines().collect();
            assert_eq!(told[0], format!("exported 4 rows of {table} to {path}"));
            assert!(told[1].starts_with("4 rows in ") && told.len() == 2, "{}", ran.stderr);
            let ran = folder.tide(&[&["table", "import", &again, &path], &format[..]].concat());
            assert_eq!(ran.code, Some(0), "{path}: {}", ran.stderr);
            let read = |table: &str| folder.tide(&["table", "read", table, "-f", "canonical"]).stdout;
            assert_eq!(read(&again), read(&table), "{path}");
            assert_eq!(read(&table).lines().count(), 4);
        }
    }
    let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(left.iter().all(|name| !name.to_str().unwrap().starts_with(".tide")), "{left:?}");
}

#[test]
fn only_what_was_asked_for_is_exported() {
    let folder = Folder::new();
    folder.sql("CREATE DATABASE db");
    folder.sql("CREATE TABLE db.t (k INT, v STRING, PRIMARY KEY (k) NOT ENFORCED) WITH ('bucket' = '1')");
    folder.sql("INSERT INTO db.t VALUES (1, 'a'), (2, 'b'), (3, 'c')");
    folder.sql("INSERT INTO db.t VALUES (1, 'z')");
    let out = |args: &[&str]| {
        let ran = folder.tide(&[&["table", "export"], args].concat());
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        ran.stdout
    };
    assert_eq!(out(&["db.t", "-", "-f", "csv", "-s", "v,k", "--where", "k <> 2"]), "v,k\nz,1\nc,3\n");
    assert_eq!(out(&["db.t", "-", "-f", "ndjson", "--limit", "1", "--where", "k % 2 = 0"]), "{\"k\":2,\"v\":\"b\"}\n");
    assert_eq!(out(&["db.t@v1", "-", "-f", "csv", "--limit", "1"]), "k,v\n1,a\n");
    assert_eq!(out(&["db.t", "-", "-f", "csv", "--where", "false"]), "k,v\n");
    assert_eq!(&out(&["db.t", "-", "-f", "parquet"]).as_bytes()[..4], b"PAR1");
}

#[test]
fn a_file_appears_whole_or_not_at_all() {
    let folder = Folder::new();
    folder.sql("CREATE DATABASE db");
    folder.sql("CREATE TABLE db.t (k INT) WITH ('file.format' = 'parquet')");
    folder.sql("INSERT INTO db.t VALUES (1)");
    let path = folder.file("kept.csv", "as it was");
    let nowhere = folder.path().join("not/there.csv").to_str().unwrap().to_owned();
    let dir = folder.path().to_str().unwrap();
    for (args, code, told) in [
        (&["db.t", "rows.txt"][..], 2, "--format"),
        (&["db.t", "-"], 2, "--format"),
        (&["db.t", &nowhere], 4, "not/there.csv"),
        (&["db.t", dir, "-f", "csv"], 1, "not a folder"),
        (&["db.none", &path], 4, "db.none"),
        (&["db.t$files", &path], 1, "system table"),
    ] {
        let ran = folder.tide(&[&["table", "export"], args].concat());
        assert_eq!(ran.code, Some(code), "{args:?}: {}", ran.stderr);
        assert!(ran.stderr.contains(told), "{args:?}: {}", ran.stderr);
    }
    std::fs::remove_dir_all(folder.path().join("lake/db.db/t/bucket-0")).unwrap();
    let ran = folder.tide(&["table", "export", "db.t", &path]);
    assert_eq!(ran.code, Some(4), "{}", ran.stderr);
    assert!(ran.stderr.contains("hint: `tide fsck db.t`"), "{}", ran.stderr);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "as it was");
    let names = std::fs::read_dir(folder.path()).unwrap().count();
    assert_eq!(names, 2, "the lake and the file that was there");
}
