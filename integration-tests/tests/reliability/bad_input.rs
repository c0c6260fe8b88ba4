//! Damaged files, wrong options and wrong names: a typed error, or the right rows.

use std::{
    collections::BTreeMap,
    error::Error,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, mpsc},
    thread,
    time::Duration,
};

use futures::executor::block_on;
use integration_tests::figure;
use tidelake_error::{Classify, ErrorKind};
use tidelake_io::{FileIO, FilePath};
use tidelake_table::{Identifier, Options, Result};
use tidelake_testing::{PathClass, Random, Sim, SimIO, seed};

use crate::world::{Change, World, contents, merged, rows, schema};

/// Longer than any read of a small table may take.
const HANGS_AFTER: Duration = Duration::from_secs(30);

fn commits() -> Vec<Vec<Change>> {
    let insert = |key: i32, token: &str| (0, key, token.to_owned());
    vec![
        (1..=6).map(|key| insert(key, "old")).collect(),
        vec![insert(2, "new"), (3, 1, "gone".to_owned()), insert(7, "new")],
    ]
}

fn small_table() -> SimIO {
    let store = SimIO::s3();
    let sim = Sim::new(seed());
    sim.run(async {
        let world = World::over(Arc::new(store.clone()), sim.runtime("writer")).await.unwrap();
        world.database().await.unwrap();
        world.create("t", &schema(true, &[("bucket", "2")])).await.unwrap();
        let mut writer = world.table().await.unwrap().writer().build().unwrap();
        for changes in commits() {
            let (rows, kinds) = rows(&changes);
            writer.write_kinds(rows, &kinds).await.unwrap();
            let _ = writer.commit().await.unwrap();
        }
    });
    store
}

fn read(store: &SimIO) -> Result<Vec<(i32, String)>> {
    let sim = Sim::new(1);
    sim.run(async {
        contents(&World::over(Arc::new(store.clone()), sim.runtime("reader")).await?.table().await?).await
    })
}

/// What a file is damaged to, and how.
fn damages(content: &[u8], random: &mut Random) -> Vec<(String, Vec<u8>)> {
    let lengths = (0..24).map(|part| content.len() * part / 24).chain([content.len().saturating_sub(1)]);
    let mut damages: Vec<_> = lengths.map(|length| (format!("cut to {length}"), content[..length].to_vec())).collect();
    for byte in 0..content.len() {
        let bit = random.below(8);
        let mut flipped = content.to_vec();
        flipped[byte] ^= 1 << bit;
        damages.push((format!("bit {bit} of byte {byte} flipped"), flipped));
    }
    damages
}

fn told(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(source) = next {
        text += &format!(": {source}");
        next = source.source();
    }
    text
}

#[derive(Debug, Default)]
struct Counts {
    right: u32,
    errors: BTreeMap<String, u32>,
    silent: u32,
}

/// One damaged file: its name, what was done to it, and what a reader says.
type Read = (PathClass, String, thread::Result<Result<Vec<(i32, String)>>>);

#[test]
fn a_damaged_file_is_a_typed_error_or_changes_nothing() {
    let store = small_table();
    let expected = merged(&commits());
    assert_eq!(read(&store).unwrap(), expected);

    let (tell, reads) = mpsc::channel::<Read>();
    thread::spawn(move || {
        let mut random = Random::new(seed());
        for path in store.paths() {
            let content = block_on(store.read_all(&path, 1 << 20)).unwrap();
            for (damage, damaged) in damages(&content, &mut random) {
                let copy = store.fork();
                copy.put(&path, damaged);
                let answer = catch_unwind(AssertUnwindSafe(|| read(&copy)));
                tell.send((PathClass::of(&path), format!("{path}, {damage}"), answer)).unwrap();
            }
        }
    });

    let (mut counts, mut faults) = (BTreeMap::<PathClass, Counts>::new(), Vec::new());
    loop {
        let (class, what, answer) = match reads.recv_timeout(HANGS_AFTER) {
            Ok(read) => read,
            Err(mpsc::RecvTimeoutError::Disconnected) => break,
            Err(mpsc::RecvTimeoutError::Timeout) => panic!("the read after `{:?}` hangs", counts),
        };
        let counts = counts.entry(class).or_default();
        match answer {
            Err(_) => faults.push(format!("panic: {what}")),
            Ok(Ok(rows)) if rows == expected => counts.right += 1,
            Ok(Ok(rows)) => {
                counts.silent += 1;
                // Inside Parquet pages nothing tells a flipped value, or key, from the right one.
                if class != PathClass::Data {
                    faults.push(format!("silent: {what}: {rows:?}"));
                }
            }
            Ok(Err(error)) => {
                *counts.errors.entry(format!("{:?}", error.kind())).or_default() += 1;
                let told = told(&error);
                if !told.contains("/lake/db.db") && !told.contains("db.t") && !told.contains("option `") {
                    faults.push(format!("no path: {what}: {told}"));
                }
            }
        }
    }
    for (class, counts) in &counts {
        figure(format!("{class:?}: {counts:?}"));
    }
    assert!(counts.contains_key(&PathClass::Manifest) && counts.contains_key(&PathClass::Data));
    assert!(faults.is_empty(), "{} faults (seed {}):\n{}", faults.len(), seed(), faults.join("\n"));
}

#[test]
fn wrong_names_and_options_are_typed_errors() {
    let sim = Sim::new(1);
    let store = SimIO::local();
    sim.run(async {
        let world = World::over(Arc::new(store.clone()), sim.runtime("writer")).await.unwrap();
        world.database().await.unwrap();
        for name in ["", ".", "..", "a/b", "/etc", "a\0b", "../other.db/t"] {
            let answer = async {
                let table = Identifier::new("db", name)?;
                Ok::<_, tidelake_table::Error>(world.catalog.create_table(&table, &schema(false, &[])).await?)
            };
            let error = answer.await.expect_err(name);
            assert_eq!(error.kind(), ErrorKind::InvalidInput, "{name:?}: {error}");
            let error = world.catalog.create_database(name, &Options::default()).await.expect_err(name);
            assert_eq!(error.kind(), ErrorKind::InvalidInput, "{name:?}: {error}");
        }
        assert_eq!(store.paths(), Vec::<FilePath>::new(), "nothing was written");

        let wrong = [
            ("file.format", "abacus"),
            ("bucket", "-7"),
            ("bucket", "many"),
            ("merge-engine", "mix"),
            ("manifest.merge-min-count", "x"),
        ];
        for (number, (option, value)) in (0..).zip(wrong) {
            let name = format!("t{number}");
            let answer = async {
                let fields = schema(true, &[]).fields;
                let mut options = Options::from([("bucket", "2")]);
                options.set(option, value);
                let made = tidelake_table::TableSchema::create(fields, vec![], vec!["k".into()], options, None, 0)?;
                world.create(&name, &made).await?;
                let table = world.lake.table(&world.catalog, &format!("db.{name}")).await?;
                let mut writer = table.writer().build()?;
                let (rows, kinds) = rows(&commits()[0]);
                writer.write_kinds(rows, &kinds).await?;
                writer.commit().await
            };
            let error = answer.await.expect_err(option);
            let told = told(&error);
            assert!(
                matches!(error.kind(), ErrorKind::InvalidInput | ErrorKind::Unsupported),
                "{:?}: {told}",
                error.kind()
            );
            assert!(told.contains(value), "{option} = {value}: {told}");
        }
    });
}
