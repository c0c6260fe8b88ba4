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

/// What is read of `cargo metadata`.
struct Packages {
    /// Each of our packages with its normal and build dependencies.
    dependencies: BTreeMap<String, BTreeSet<String>>,
    /// The same with its dev-dependencies.
    dev_dependencies: BTreeMap<String, BTreeSet<String>>,
    /// Those in `examples/`.
    examples: BTreeSet<String>,
}

fn packages() -> Packages {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--offline", "--format-version", "1"])
        .current_dir(root())
        .output()
        .expect("cargo metadata");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let mut packages =
        Packages { dependencies: BTreeMap::new(), dev_dependencies: BTreeMap::new(), examples: BTreeSet::new() };
    for package in metadata["packages"].as_array().expect("packages") {
        let name = text(&package["name"]);
        let dependencies = package["dependencies"].as_array().expect("dependencies");
        let (dev, other): (Vec<_>, Vec<_>) = dependencies.iter().partition(|dependency| dependency["kind"] == "dev");
        let names = |found: Vec<&Value>| found.into_iter().map(|dependency| text(&dependency["name"])).collect();
        packages.dependencies.insert(name.clone(), names(other));
        packages.dev_dependencies.insert(name.clone(), names(dev));
        if Path::new(&text(&package["manifest_path"])).starts_with(root().join("examples")) {
            packages.examples.insert(name);
        }
    }
    packages
}

struct Plan {
    /// In the order of the file.
    arrows: Vec<(String, Vec<String>)>,
    gates: BTreeMap<String, Vec<String>>,
    /// A crate of `examples/`, and the short name of its contract crate.
    strangers: BTreeMap<String, String>,
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
        strangers: (table("strangers").iter())
            .map(|(name, contract)| (name.clone(), contract.as_str().expect("a name").to_owned()))
            .collect(),
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

fn faults(packages: &Packages, plan: &Plan) -> Vec<String> {
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
    for (name, dependencies) in packages.dependencies.iter().filter(|(name, _)| name.starts_with("tidelake")) {
        let Some(targets) = allowed.get(name.as_str()) else {
            faults.push(format!("{name} has no line in arrows.toml"));
            continue;
        };
        for dependency in dependencies {
            if dependency.starts_with("tidelake") && !targets.contains(dependency) {
                faults.push(format!("{name} must not depend on {dependency}"));
            }
            if packages.examples.contains(dependency) {
                faults.push(format!("{name} must not depend on {dependency}, which shows how it is used"));
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
        .extend(packages.examples.iter().flat_map(|name| faults_of_stranger(packages, name, plan.strangers.get(name))));
    faults
}

/// A stranger has nothing but what the contract gives it; its tests may have a runtime, and nothing more of ours.
fn faults_of_stranger(packages: &Packages, name: &str, contract: Option<&String>) -> Vec<String> {
    let Some(contract) = contract.map(|short| full_name(short)) else {
        return vec![format!("{name} has no line under [strangers] in arrows.toml")];
    };
    let mut faults = Vec::new();
    if packages.dependencies[name] != BTreeSet::from([contract.clone()]) {
        let found = &packages.dependencies[name];
        faults.push(format!("{name} must depend on {contract} and on nothing else, and has {found:?}"));
    }
    let dev = packages.dev_dependencies[name].iter();
    for dependency in dev.filter(|dependency| dependency.starts_with("tidelake") && **dependency != contract) {
        faults.push(format!("{name} must not use {dependency} in its tests: it knows {contract} alone"));
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
    found.extend(testing_in_src(&packages.dependencies));
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
        strangers: BTreeMap::new(),
    };
    let packages =
        example_packages(&[("tidelake-error", &["tidelake-io", "parquet-variant"]), ("tidelake-new", &[])], &[], &[]);
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

#[test]
fn a_stranger_that_knows_more_than_its_contract_is_found() {
    let plan = Plan {
        arrows: vec![("tidelake-io".into(), vec![]), ("tidelake".into(), vec!["io".into()])],
        gates: BTreeMap::new(),
        strangers: [("good", "io"), ("curious", "io")].map(|(name, to)| (name.to_owned(), to.to_owned())).into(),
    };
    let packages = example_packages(
        &[
            ("tidelake-io", &[]),
            ("tidelake", &["tidelake-io", "good"]),
            ("good", &["tidelake-io"]),
            ("curious", &["tidelake-io", "bytes"]),
            ("unknown", &["tidelake-io"]),
        ],
        &[("good", &["tidelake-io", "tokio"]), ("curious", &["tidelake-testing"])],
        &["good", "curious", "unknown"],
    );
    assert_eq!(
        faults(&packages, &plan),
        [
            "tidelake must not depend on good, which shows how it is used",
            "curious must depend on tidelake-io and on nothing else, and has {\"bytes\", \"tidelake-io\"}",
            "curious must not use tidelake-testing in its tests: it knows tidelake-io alone",
            "unknown has no line under [strangers] in arrows.toml",
        ]
        .map(str::to_owned)
    );
}

type Named<'a> = &'a [(&'a str, &'a [&'a str])];

fn example_packages(dependencies: Named<'_>, dev_dependencies: Named<'_>, examples: &[&str]) -> Packages {
    let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>();
    let map = |named: Named<'_>| named.iter().map(|(name, to)| ((*name).to_owned(), set(to))).collect();
    Packages { dependencies: map(dependencies), dev_dependencies: map(dev_dependencies), examples: set(examples) }
}
