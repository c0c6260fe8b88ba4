//! Damaged files: an error that names the path, or the same values; never a panic, never fewer values in silence.

use proptest::prelude::*;
use tidelake_io::FilePath;
use tidelake_meta::*;

use crate::java_tables::{Loaded, TABLES};

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().build().unwrap()
}

/// Paths of a folder of a table, in order.
fn paths(table: &Loaded, folder: &str) -> Vec<FilePath> {
    let below = table.layout.root().child(folder).unwrap();
    table.io.0.lock().unwrap().keys().filter(|path| path.starts_with(&below)).cloned().collect()
}

fn check_names_path(error: &Error, name: &str) {
    if matches!(error, Error::Corrupt { .. }) {
        assert!(error.to_string().contains(name) || error.to_string().contains("manifest"), "{error}");
    }
}

#[test]
fn a_cut_off_file_is_never_read_as_a_shorter_one() {
    let runtime = runtime();
    for name in TABLES {
        let whole = runtime.block_on(Loaded::new(name).entries()).unwrap();
        for path in paths(&Loaded::new(name), "manifest") {
            let content = Loaded::new(name).io.get(&path).unwrap();
            for cut in (0..content.len()).step_by(23).chain([content.len() - 1]) {
                let table = Loaded::new(name);
                table.io.put(&path, content.slice(..cut));
                match runtime.block_on(table.entries()) {
                    Ok(entries) => assert_eq!(entries, whole, "{name}: {path} cut at {cut}"),
                    Err(error) => check_names_path(&error, path.name()),
                }
            }
        }
    }
}

/// A list that ends with its header is a whole Avro file without records: only the size that the snapshot records tells.
#[test]
fn a_list_without_its_blocks_is_told_by_its_size() {
    for name in TABLES.iter().filter(|name| !name.starts_with("java-0.9")) {
        let runtime = runtime();
        let snapshot = runtime.block_on(Loaded::new(name).snapshots().latest()).unwrap().unwrap();
        for list in [&snapshot.base_manifest_list, &snapshot.delta_manifest_list] {
            let table = Loaded::new(name);
            let path = table.layout.manifest(list).unwrap();
            let content = table.io.get(&path).unwrap();
            let sync = &content[content.len() - 16..];
            let header = content.windows(16).position(|bytes| bytes == sync).unwrap() + 16;
            table.io.put(&path, content.slice(..header));
            let result = runtime.block_on(table.entries());
            assert!(matches!(result, Err(Error::Corrupt { .. })) || header == content.len(), "{name}: {path}");
        }
    }
}

#[test]
fn a_cut_off_json_file_is_refused() {
    for name in TABLES {
        let table = Loaded::new(name);
        for folder in ["snapshot", "schema"] {
            for path in paths(&table, folder).into_iter().filter(|path| path.name().contains('-')) {
                let content = table.io.get(&path).unwrap();
                for cut in 0..content.len() - 1 {
                    assert!(Snapshot::from_json(&content[..cut], "s").is_err());
                    assert!(TableSchema::from_json(&content[..cut], "s").is_err());
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn flipped_bits_never_lose_a_file_in_silence(table in 0..TABLES.len(), file in any::<prop::sample::Index>(), at in any::<prop::sample::Index>(), bit in 0..8u8) {
        let name = TABLES[table];
        let runtime = runtime();
        let table = Loaded::new(name);
        let whole = runtime.block_on(table.entries()).unwrap();
        let paths = paths(&table, "manifest");
        let path = file.get(&paths);
        let mut content = table.io.get(path).unwrap().to_vec();
        let at = at.index(content.len());
        content[at] ^= 1 << bit;
        table.io.put(path, content);
        match runtime.block_on(table.entries()) {
            // A flip may change a value where the file has no checksum, but not how many files there are.
            Ok(entries) => prop_assert_eq!(entries.len(), whole.len()),
            Err(error) => check_names_path(&error, path.name()),
        }
    }

    #[test]
    fn any_bytes_are_refused_or_read(bytes in prop::collection::vec(any::<u8>(), 0..300), keep in 0..600usize) {
        let table = Loaded::new("java-1.4-uncompressed");
        let snapshot = runtime().block_on(table.snapshots().latest()).unwrap().unwrap();
        let path = table.layout.manifest(&snapshot.base_manifest_list).unwrap();
        let mut content = table.io.get(&path).unwrap().to_vec();
        let keep = content.len().saturating_sub(keep);
        content.truncate(keep);
        content.extend_from_slice(&bytes);
        table.io.put(&path, content);
        let _ = runtime().block_on(table.manifests().read_list(&snapshot.base_manifest_list, None));
        let _ = Snapshot::from_json(&bytes, "s");
        let _ = TableSchema::from_json(&bytes, "s");
    }

    #[test]
    fn flipped_json_is_refused_or_read(table in 0..TABLES.len(), schema in any::<bool>(), at in any::<prop::sample::Index>(), bit in 0..8u8) {
        let table = Loaded::new(TABLES[table]);
        let paths: Vec<_> = paths(&table, if schema { "schema" } else { "snapshot" });
        let mut content = table.io.get(&paths[0]).unwrap().to_vec();
        let at = at.index(content.len());
        content[at] ^= 1 << bit;
        let _ = Snapshot::from_json(&content, "s");
        let _ = TableSchema::from_json(&content, "s").map(|schema| schema.to_json());
    }
}
