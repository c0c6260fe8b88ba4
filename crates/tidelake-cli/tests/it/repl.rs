//! The shell, and scripts on standard input.

use std::{
    io::{BufRead, BufReader, Write},
    process::{Command, Stdio},
};

use crate::tide::Folder;

fn shop() -> Folder {
    let folder = Folder::new();
    folder.sql("CREATE DATABASE shop");
    folder.sql("CREATE TABLE shop.orders (id INT, total DOUBLE, PRIMARY KEY (id) NOT ENFORCED) WITH ('bucket' = '1')");
    folder
}

#[test]
fn standard_input_without_a_terminal_is_a_script() {
    let folder = shop();
    let script =
        b"INSERT INTO shop.orders VALUES (1, 2.5);\n-- a comment; with a semicolon\nSELECT *\nFROM shop.orders;";
    for args in [&[][..], &["sql"], &["sql", "-f", "-"]] {
        let ran = folder.tide_with(args, script);
        assert_eq!(ran.code, Some(0), "{args:?}: {}", ran.stderr);
        assert!(ran.stdout.contains("| 1  | 2.5   |"), "{args:?}: {}", ran.stdout);
    }
    let ran = folder.tide_with(&["sql", "--format", "csv"], b"SELECT 1 AS a; SELEKT; SELECT 2 AS b");
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(1), "a\n1\n"), "{}", ran.stderr);
    let ran = folder.tide_with(&["sql"], b"");
    assert_eq!((ran.code, ran.stdout.as_str(), ran.stderr.as_str()), (Some(0), "", ""));
}

#[test]
fn the_shell_goes_on_after_errors_and_ends_when_it_is_told() {
    let folder = shop();
    let typed = "\\format csv
SELECT 1 AS a,
  ';' AS b;
SELEKT;
\\nothing
\\d shop.orders
\\l
\\c shop
\\d
insert into orders values (7, 1.5); select * from orders;
\\timing
\\format ndjson
SELECT id FROM orders;
\\?
\\q
SELECT 'not reached';
";
    let ran = folder.tide_with(&["sql", "-i"], typed.as_bytes());
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let lines: Vec<_> = ran.stdout.lines().collect();
    assert_eq!(lines[..3], ["a,b", "1,;", lines[2]]);
    for line in ["database_name", "shop", "table_name", "orders", "id,total", "7,1.5", "{\"id\":7}"] {
        assert!(lines.contains(&line), "{line}: {}", ran.stdout);
    }
    assert!(lines.iter().any(|line| line.starts_with("id,INT,false,primary")), "{}", ran.stdout);
    assert_eq!(lines.last(), Some(&"{\"id\":7}"));
    for told in
        ["error: ", "there is no command `\\nothing`", "hint: \\?", "(1 row)", "timing is on", "time: ", "Ctrl-C stops"]
    {
        assert!(ran.stderr.contains(told), "{told}: {}", ran.stderr);
    }
    assert!(!ran.stderr.contains("not reached"), "{}", ran.stderr);
}

#[test]
fn what_was_typed_is_remembered() {
    let folder = shop();
    let history = folder.path().join("history");
    for typed in ["SELECT 1;\n", "SELECT\n2;\n"] {
        let mut shell = Command::new(env!("CARGO_BIN_EXE_tide"))
            .args(["sql", "-i", "--warehouse"])
            .arg(folder.path().join("lake"))
            .env("TIDE_HISTORY", &history)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        shell.stdin.take().unwrap().write_all(typed.as_bytes()).unwrap();
        assert!(shell.wait().unwrap().success());
    }
    let kept = std::fs::read_to_string(&history).unwrap();
    assert!(kept.contains("SELECT 1;") && kept.contains("SELECT\\n2;"), "{kept}");
}

/// Ctrl-C stops the statement, not the shell.
#[cfg(unix)]
#[test]
fn an_interrupt_ends_the_statement_only() {
    let folder = shop();
    let mut shell = Command::new(env!("CARGO_BIN_EXE_tide"))
        .args(["sql", "-i", "--format", "csv", "--warehouse"])
        .arg(folder.path().join("lake"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = shell.stdin.take().unwrap();
    let mut output = BufReader::new(shell.stdout.take().unwrap()).lines();
    let endless = "SELECT count(*) FROM (SELECT unnest(range(0, 300000)) AS x) a \
                   JOIN (SELECT unnest(range(0, 300000)) AS y) b ON a.x + b.y % 3 > 5;";
    writeln!(input, "SELECT 1 AS begun;").unwrap();
    assert_eq!(output.next().unwrap().unwrap(), "begun");
    assert_eq!(output.next().unwrap().unwrap(), "1");
    writeln!(input, "{endless}").unwrap();
    std::thread::sleep(std::time::Duration::from_millis(500));
    let sent = Command::new("kill").args(["-INT", &shell.id().to_string()]).status().unwrap();
    assert!(sent.success());
    writeln!(input, "SELECT 2 AS later;").unwrap();
    drop(input);
    assert_eq!(output.next().unwrap().unwrap(), "later");
    let ended = shell.wait_with_output().unwrap();
    assert!(ended.status.success());
    assert!(String::from_utf8_lossy(&ended.stderr).contains("interrupted"));
}
