//! The crates depend on each other as `docs/architecture/arrows.toml` says, and on nothing else of ours.
//!
//! Compares that file with `cargo metadata`; each fault is one sentence.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace").to_owned()
}

/// Each of our packages with its normal and build dependencies (names, and whether they are ours).
fn packages() -> BTreeMap<String, BTreeSet<String>> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--offline", "--format-version", "1"])
        .current_dir(root())
        .output()
        .expect("cargo metadata");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    (metadata["packages"].as_array().expect("packages").iter())
        .map(|package| {
            let dependencies = (package["dependencies"].as_array().expect("dependencies").iter())
                .filter(|dependency| dependency["kind"] != "dev")
                .map(|dependency| dependency["name"].as_str().expect("a name").to_owned())
                .collect();
            (package["name"].as_str().expect("a name").to_owned(), dependencies)
        })
        .collect()
}

struct Plan {
    /// In the order of the file.
    arrows: Vec<(String, Vec<String>)>,
    gates: BTreeMap<String, Vec<String>>,
}

fn plan() -> Plan {
    let text = std::fs::read_to_string(root().join("docs/architecture/arrows.toml")).expect("arrows.toml");
    let parsed: toml::Table = text.parse().expect("TOML");
    let names = |value: &toml::Value| -> Vec<String> {
        value.as_array().expect("a list").iter().map(|name| name.as_str().expect("a name").to_owned()).collect()
    };
    let table = |name: &str| parsed[name].as_table().expect("a table").clone();
    Plan {
        arrows: table("arrows").iter().map(|(name, targets)| (name.clone(), names(targets))).collect(),
        gates: table("gates").iter().map(|(name, keepers)| (name.clone(), names(keepers))).collect(),
    }
}

fn full_name(short: &str) -> String {
    if short == "." { "tidelake".to_owned() } else { format!("tidelake-{short}") }
}

fn expanded(short: &str) -> Vec<String> {
    match short {
        "ground" => ["error", "types", "runtime"].map(full_name).to_vec(),
        "base" => ["error", "types", "runtime", "expr", "io"].map(full_name).to_vec(),
        other => vec![full_name(other)],
    }
}

fn faults(packages: &BTreeMap<String, BTreeSet<String>>, plan: &Plan) -> Vec<String> {
    let mut faults = Vec::new();
    let mut allowed: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    let mut above: BTreeSet<&str> = BTreeSet::new();
    for (name, targets) in &plan.arrows {
        let targets: BTreeSet<String> = targets.iter().flat_map(|short| expanded(short)).collect();
        for target in &targets {
            if !above.contains(target.as_str()) {
                faults.push(format!("arrows.toml: {name} names {target}, which is not above it"));
            }
        }
        above.insert(name);
        allowed.insert(name, targets);
    }
    for (name, dependencies) in packages.iter().filter(|(name, _)| name.starts_with("tidelake")) {
        let Some(targets) = allowed.get(name.as_str()) else {
            faults.push(format!("{name} has no line in arrows.toml"));
            continue;
        };
        for dependency in dependencies {
            if dependency.starts_with("tidelake") && !targets.contains(dependency) {
                faults.push(format!("{name} must not depend on {dependency}"));
            }
            for (gated, keepers) in &plan.gates {
                let family = dependency == gated || dependency.starts_with(&format!("{gated}-"));
                if family && !keepers.iter().any(|keeper| full_name(keeper) == *name) {
                    faults.push(format!("{name} must not depend on {dependency}: only {keepers:?} may name it"));
                }
            }
        }
    }
    faults
}

/// Crates that `tidelake-testing` depends on may use it in `tests/`, never in `src/`.
fn testing_in_src(packages: &BTreeMap<String, BTreeSet<String>>) -> Vec<String> {
    let mut below = BTreeSet::new();
    let mut next = vec!["tidelake-testing".to_owned()];
    while let Some(name) = next.pop() {
        for dependency in packages.get(&name).into_iter().flatten().filter(|name| name.starts_with("tidelake")) {
            if below.insert(dependency.clone()) {
                next.push(dependency.clone());
            }
        }
    }
    let mut faults = Vec::new();
    for name in below {
        let mut folders = vec![root().join("crates").join(&name).join("src")];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(&folder).expect("a source folder").flatten() {
                let path = entry.path();
                if path.is_dir() {
                    folders.push(path);
                } else if std::fs::read_to_string(&path).expect("a source file").contains("tidelake_testing") {
                    faults.push(format!("{} names tidelake_testing: move the test to tests/it", path.display()));
                }
            }
        }
    }
    faults
}

#[test]
fn crates_depend_on_each_other_only_along_the_arrows() {
    let packages = packages();
    let mut found = faults(&packages, &plan());
    found.extend(testing_in_src(&packages));
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn a_wrong_arrow_a_missing_line_and_an_open_gate_are_each_found() {
    let plan = Plan {
        arrows: vec![
            ("tidelake-error".into(), vec![]),
            ("tidelake-io".into(), vec!["format".into()]),
            ("tidelake-format".into(), vec![]),
        ],
        gates: [("parquet".to_owned(), vec!["format-parquet".to_owned()])].into(),
    };
    let packages = [
        ("tidelake-error".to_owned(), BTreeSet::from(["tidelake-io".to_owned(), "parquet-variant".to_owned()])),
        ("tidelake-new".to_owned(), BTreeSet::new()),
    ]
    .into();
    assert_eq!(
        faults(&packages, &plan),
        [
            "arrows.toml: tidelake-io names tidelake-format, which is not above it",
            "tidelake-error must not depend on parquet-variant: only [\"format-parquet\"] may name it",
            "tidelake-error must not depend on tidelake-io",
            "tidelake-new has no line in arrows.toml",
        ]
        .map(str::to_owned)
    );
}
