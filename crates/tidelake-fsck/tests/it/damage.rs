//! Each kind of file, deleted, cut short, overwritten or exchanged.

use std::{fs, path::Path};

use tidelake_error::{Classify as _, ErrorKind};

use crate::tables::World;

/// Damages a file of a table and returns what is told of it.
fn after(table: &str, prefix: &str, damage: impl FnOnce(&World, &Path)) -> Vec<String> {
    let world = World::new();
    let file = world.file(table, prefix);
    damage(&world, &file);
    let report = world.check(&world.table(table)).unwrap();
    let name = file.file_name().unwrap().to_str().unwrap();
    let told: Vec<String> = report.problems.iter().map(ToString::to_string).collect();
    assert!(told.iter().any(|problem| problem.contains(name)), "no problem names {name}: {told:#?}");
    told
}

fn delete(_: &World, file: &Path) {
    fs::remove_file(file).unwrap();
}

fn truncate(_: &World, file: &Path) {
    let bytes = fs::read(file).unwrap();
    fs::write(file, &bytes[..bytes.len() / 2]).unwrap();
}

fn zero(_: &World, file: &Path) {
    fs::write(file, vec![0; fs::read(file).unwrap().len()]).unwrap();
}

fn replace(file: &Path, from: &str, to: &str) {
    let text = fs::read_to_string(file).unwrap();
    let text: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    assert!(text.contains(from), "{from} in {text}");
    fs::write(file, text.replacen(from, to, 1)).unwrap();
}

#[test]
fn whole_tables_have_no_problems() {
    let world = World::new();
    for table in ["keys", "log"] {
        let report = world.check(&world.table(table)).unwrap();
        assert_eq!(report.problems, [], "{table}");
        assert_eq!(report.notes, [], "{table}");
        assert_eq!(report.snapshots, 3, "{table}");
        assert!(report.rows >= 601, "{table}: {}", report.summary());
        assert!(report.data_files >= 3, "{table}: {}", report.summary());
    }
}

#[test]
fn where_there_is_no_table_nothing_can_be_checked() {
    let world = World::new();
    assert_eq!(world.check(&world.table("nothing")).unwrap_err().kind(), ErrorKind::NotFound);
}

#[test]
fn a_missing_file_is_named() {
    for prefix in ["data-", "manifest-list-", "snapshot-2"] {
        for table in ["keys", "log"] {
            let told = after(table, prefix, delete);
            assert!(told.iter().any(|problem| problem.contains("it is missing")), "{prefix}: {told:#?}");
        }
    }
    let world = World::new();
    delete(&world, &world.file("keys", "schema-0"));
    let report = world.check(&world.table("keys")).unwrap();
    assert!(report.problems[0].path.ends_with("schema"), "{}", report.problems[0]);
}

#[test]
fn a_file_cut_short_or_zeroed_is_named() {
    for prefix in ["data-", "manifest-list-", "snapshot-2", "schema-0"] {
        after("keys", prefix, truncate);
        after("log", prefix, zero);
    }
}

#[test]
fn every_manifest_is_looked_at() {
    let world = World::new();
    let manifests = world.files("keys", "manifest-").into_iter();
    for file in manifests {
        let whole = fs::read(&file).unwrap();
        zero(&world, &file);
        let report = world.check(&world.table("keys")).unwrap();
        let name = file.file_name().unwrap().to_str().unwrap();
        assert!(report.problems.iter().any(|problem| problem.path.contains(name)), "{name}: {:#?}", report.problems);
        fs::write(&file, whole).unwrap();
    }
    assert_eq!(world.check(&world.table("keys")).unwrap().problems, []);
}

#[test]
fn a_flipped_byte_is_told_or_harmless_but_never_a_panic_of_the_caller() {
    let world = World::new();
    let mut told = 0;
    for prefix in ["data-", "manifest-list-", "snapshot-2"] {
        let file = world.file("keys", prefix);
        let whole = fs::read(&file).unwrap();
        for at in (0..whole.len()).step_by(whole.len() / 20) {
            let mut bytes = whole.clone();
            bytes[at] ^= 0xff;
            fs::write(&file, bytes).unwrap();
            told += usize::from(!world.check(&world.table("keys")).unwrap().problems.is_empty());
        }
        fs::write(&file, whole).unwrap();
    }
    assert!(told > 40, "{told} of about 60 told");
}

#[test]
fn two_data_files_exchanged_are_both_named() {
    let world = World::new();
    let files = world.files("keys", "data-");
    let (first, second) = (&files[0], files.last().unwrap());
    let (a, b) = (fs::read(first).unwrap(), fs::read(second).unwrap());
    fs::write(first, b).unwrap();
    fs::write(second, a).unwrap();
    let report = world.check(&world.table("keys")).unwrap();
    for file in [first, second] {
        let name = file.file_name().unwrap().to_str().unwrap();
        assert!(report.problems.iter().any(|problem| problem.path.contains(name)), "{:#?}", report.problems);
    }
}

#[test]
fn a_data_file_in_another_bucket_is_named() {
    let told = after("keys", "data-", |world, file| {
        let other = world.table("keys").join("bucket-7");
        fs::create_dir(&other).unwrap();
        fs::rename(file, other.join(file.file_name().unwrap())).unwrap();
    });
    assert!(told.iter().any(|problem| problem.contains("it does not lie in the folder bucket-")), "{told:#?}");
}

#[test]
fn a_snapshot_that_says_something_else_is_named() {
    for (from, to, expected) in [
        ("\"id\":2", "\"id\":9", "its id is 9"),
        ("\"schemaId\":0", "\"schemaId\":4", "its schema 4 is missing"),
        ("\"totalRecordCount\":", "\"totalRecordCount\":1", "its totalRecordCount"),
        ("\"deltaRecordCount\":", "\"deltaRecordCount\":1", "its deltaRecordCount"),
        ("\"timeMillis\":1", "\"timeMillis\":", "it is older than snapshot 1"),
        ("\"baseManifestListSize\":", "\"baseManifestListSize\":1", "are recorded"),
    ] {
        let told = after_text("snapshot-2", from, to);
        assert!(told.iter().any(|problem| problem.contains(expected)), "{expected}: {told:#?}");
    }
}

fn after_text(prefix: &str, from: &str, to: &str) -> Vec<String> {
    let world = World::new();
    replace(&world.file("log", prefix), from, to);
    let report = world.check(&world.table("log")).unwrap();
    report.problems.iter().map(ToString::to_string).collect()
}

#[test]
fn a_lost_commit_shows_in_the_snapshot_after_it() {
    let world = World::new();
    let (second, third) = (world.file("log", "snapshot-2"), world.file("log", "snapshot-3"));
    let text = fs::read_to_string(&second).unwrap();
    // the third snapshot as if it had been made from the first
    let member = |text: &str, name: &str| {
        let value: String = text.split(&format!("\"{name}\"")).nth(1).unwrap().split([',', '}']).next().unwrap().into();
        format!("\"{name}\"{value}")
    };
    let later = fs::read_to_string(&third).unwrap();
    let mut made = later.clone();
    for name in ["baseManifestList", "baseManifestListSize"] {
        made = made.replace(&member(&later, name), &member(&text, name));
    }
    fs::write(&third, made).unwrap();
    let report = world.check(&world.table("log")).unwrap();
    let told = |text: &str| report.problems.iter().any(|problem| problem.message.contains(text));
    assert!(told("of the snapshot before is not in its base list"), "{:#?}", report.problems);
}

#[test]
fn hints_may_be_stale_but_not_ahead() {
    let world = World::new();
    let latest = world.table("log").join("snapshot/LATEST");
    let check = || world.check(&world.table("log")).unwrap();
    fs::write(&latest, "1").unwrap();
    assert_eq!(check().problems, []);
    fs::write(&latest, "what").unwrap();
    assert_eq!((check().problems.len(), check().notes.len()), (0, 1));
    fs::write(&latest, "8").unwrap();
    assert!(check().problems[0].message.contains("it names snapshot 8"));
    fs::remove_file(&latest).unwrap();
    assert_eq!(check().problems, []);
}
