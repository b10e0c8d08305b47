//! Rules of the repository itself, checked by reading its files.

use crate::harness::repository;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Longer files want to be split.
const LINES_MAX: usize = 500;

/// The files of the repository, by their path from its root; build output and version control aside.
fn files() -> Vec<(String, PathBuf)> {
    fn walk(folder: &Path, root: &Path, files: &mut Vec<(String, PathBuf)>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_string();
            let folder_name = path.file_name().unwrap().to_str().unwrap();
            if path.is_dir() {
                if !matches!(folder_name, "target" | ".git" | "__pycache__") {
                    walk(&path, root, files);
                }
            } else {
                files.push((name, path));
            }
        }
    }
    let mut found = Vec::new();
    walk(&repository(), &repository(), &mut found);
    found.sort();
    found
}

fn sources() -> impl Iterator<Item = (String, String)> {
    files().into_iter().filter(|(name, _)| name.ends_with(".rs")).map(|(name, path)| {
        let text = fs::read_to_string(path).unwrap();
        (name, text)
    })
}

/// The names under `[dependencies]` of a crate.
fn dependencies(krate: &str) -> BTreeSet<String> {
    let text = fs::read_to_string(repository().join(krate).join("Cargo.toml")).unwrap();
    let table: toml::Table = toml::from_str(&text).unwrap();
    assert!(table.get("build-dependencies").is_none() && table.get("target").is_none(), "{krate}");
    table["dependencies"].as_table().unwrap().keys().cloned().collect()
}

#[test]
fn floors_stand_on_the_floors_below() {
    let ours = ["classifiers", "disk", "filters", "manifests", "pipeline"];
    let layers: [(&str, &[&str]); 6] = [
        ("disk", &[]),
        ("filters", &[]),
        ("manifests", &["disk"]),
        ("classifiers", &["filters"]),
        ("pipeline", &["classifiers", "disk", "filters", "manifests"]),
        (".", &["disk", "filters", "manifests", "pipeline"]),
    ];
    for (krate, below) in layers {
        let found = dependencies(krate);
        let mine: Vec<&str> = found.iter().map(String::as_str).filter(|name| ours.contains(name)).collect();
        assert_eq!(mine, below, "{krate}");
    }
    // each of these is at home in one place
    let at_home: [(&str, &[&str]); 9] = [
        ("arrow", &["pipeline"]),
        ("parquet", &["pipeline"]),
        ("rayon", &["pipeline", "."]),
        ("memmap2", &["pipeline", "classifiers"]),
        ("regex", &["filters"]),
        ("aho-corasick", &["filters"]),
        ("p256", &["manifests"]),
        ("ed25519-dalek", &["manifests"]),
        ("clap", &["."]),
    ];
    for (name, homes) in at_home {
        for (krate, _) in layers {
            let uses = dependencies(krate).iter().any(|d| d == name || d.starts_with(&format!("{name}-")));
            assert!(!uses || homes.contains(&krate), "`{krate}` may not depend on `{name}`");
        }
    }
}

#[test]
fn the_members_are_the_crates_of_the_design() {
    let text = fs::read_to_string(repository().join("Cargo.toml")).unwrap();
    let table: toml::Table = toml::from_str(&text).unwrap();
    let members: Vec<&str> =
        table["workspace"]["members"].as_array().unwrap().iter().filter_map(toml::Value::as_str).collect();
    assert_eq!(members, ["classifiers", "disk", "filters", "manifests", "pipeline"]);
    for member in members {
        let manifest = fs::read_to_string(repository().join(member).join("Cargo.toml")).unwrap();
        assert!(
            manifest.contains("[lints]\nworkspace = true"),
            "{member} does not take the workspace's lints"
        );
    }
}

/// Each operation on files can be made to fail in tests, because none goes past `disk`.
#[test]
fn no_library_but_one_touches_files() {
    let library = |name: &str| {
        ["classifiers/src/", "filters/src/", "manifests/src/", "pipeline/src/"]
            .iter()
            .any(|folder| name.starts_with(folder))
    };
    for (name, text) in sources().filter(|(name, _)| library(name) && !name.contains("tests")) {
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        let direct =
            ["std::fs", "fs::", "File::options", "OpenOptions"].iter().find(|call| code.contains(**call));
        let test_file = text.contains("#[test]") && code.len() == text.len();
        assert!(test_file || direct.is_none(), "{name} uses `{}`; `disk` has it", direct.unwrap());
    }
}

/// Files that implement `trait` and the files that the registry names by module.
fn registered(folder: &str, implements: &str, registry: &str, prefix: &str) {
    let mut have = BTreeSet::new();
    for (name, text) in sources() {
        if name.starts_with(folder) && text.contains(implements) {
            // a stage that takes several files has a folder
            let path = name.trim_end_matches("/mod.rs");
            have.insert(Path::new(path).file_stem().unwrap().to_str().unwrap().to_string());
        }
    }
    let text = fs::read_to_string(repository().join(registry)).unwrap();
    let named: BTreeSet<String> = text
        .split("entry::<")
        .skip(1)
        .filter_map(|rest| {
            rest.split_once("::Config>").map(|(path, _)| path.trim_start_matches(prefix).to_string())
        })
        .filter(|name| !name.contains(char::is_whitespace))
        .collect();
    assert!(!have.is_empty(), "{folder}");
    assert_eq!(have, named, "{registry}");
}

#[test]
fn every_stage_is_one_file_and_one_line_of_a_registry() {
    registered("filters/src/rules/", "impl Spec for Config", "filters/src/registry.rs", "rules::");
    registered(
        "classifiers/src/scorers/",
        "impl Spec for Config",
        "classifiers/src/registry.rs",
        "scorers::",
    );
    registered("pipeline/src/barriers/", "impl BarrierSpec for Config", "pipeline/src/barriers/mod.rs", "");
}

#[test]
fn every_filter_and_scorer_has_its_golden_file() {
    let names = |registry: &[filters::Entry]| -> BTreeSet<String> {
        registry.iter().map(|entry| entry.name.to_string()).collect()
    };
    let golden = |folder: &str| -> BTreeSet<String> {
        let entries = fs::read_dir(repository().join("tests/golden").join(folder)).unwrap();
        entries.map(|e| e.unwrap().path().file_stem().unwrap().to_str().unwrap().to_string()).collect()
    };
    assert_eq!(golden("filters"), names(filters::FILTERS));
}

#[test]
fn no_source_file_is_long() {
    let long: Vec<String> = sources()
        .map(|(name, text)| (name, text.lines().count()))
        .filter(|(_, lines)| *lines > LINES_MAX)
        .map(|(name, lines)| format!("{name}: {lines}"))
        .collect();
    assert!(long.is_empty(), "more than {LINES_MAX} lines: {long:?}");
}

#[test]
fn nothing_is_left_to_do() {
    // written apart, so that this file does not find itself
    let marks = [
        ["to", "do!("].concat(),
        ["unimple", "mented!("].concat(),
        ["FIX", "ME"].concat(),
        ["XX", "X "].concat(),
    ];
    for (name, text) in sources() {
        for mark in &marks {
            assert!(!text.contains(mark.as_str()), "{name}: {mark}");
        }
    }
    // a verifier must not list a check that it does not do
    let mark = ["TO", "DO"].concat();
    for (name, text) in sources().filter(|(name, _)| name.starts_with("manifests/")) {
        assert!(!text.contains(&mark), "{name}");
    }
}

#[test]
fn no_path_of_a_machine_is_in_any_file() {
    let roots = ["work", "tmp", "root", "home"].map(|folder| format!("/{folder}/"));
    for (name, path) in files() {
        let Ok(text) = fs::read_to_string(path) else { continue };
        for (number, line) in text.lines().enumerate() {
            let found = roots.iter().find(|root| {
                line.match_indices(root.as_str()).any(|(at, _)| {
                    let before = line[..at].chars().next_back();
                    !before.is_some_and(|c| c.is_alphanumeric() || "./_-*}".contains(c))
                })
            });
            assert!(found.is_none(), "{name}:{}: {line}", number + 1);
        }
    }
}

/// What is read from outside can then never become a command.
#[test]
fn the_program_starts_no_other() {
    let shipped = |name: &str| name.starts_with("src/") || name.contains("/src/");
    let tests = |name: &str| name.contains("tests/") || name.ends_with("tests.rs") || name.contains("_tests");
    for (name, text) in sources().filter(|(name, _)| shipped(name) && !tests(name)) {
        let found = ["process::Command", "Command::new"].iter().find(|call| text.contains(**call));
        assert!(found.is_none(), "{name}: {found:?}");
    }
}

/// `deny.toml` names what it allows; without the tool at hand this holds the rest of it.
#[test]
fn crates_come_from_one_registry() {
    let lock: toml::Table =
        toml::from_str(&fs::read_to_string(repository().join("Cargo.lock")).unwrap()).unwrap();
    for package in lock["package"].as_array().unwrap() {
        let source = package.get("source").and_then(toml::Value::as_str);
        let registry = source.is_none_or(|s| s == "registry+https://github.com/rust-lang/crates.io-index");
        assert!(registry && (source.is_none() || package.get("checksum").is_some()), "{package}");
    }
}

#[test]
fn no_large_or_binary_file_is_in_the_repository() {
    for (name, path) in files() {
        let bytes = fs::read(&path).unwrap();
        // models that the program ships are what has to be large and binary
        let model = name.starts_with("models/") && name.ends_with(".probity");
        let bytes_max = if model { 4 << 20 } else { 400_000 };
        assert!(bytes.len() < bytes_max, "{name}: {} bytes", bytes.len());
        let binary = bytes.contains(&0) && !name.starts_with("tests/") && !model;
        assert!(!binary, "{name} is binary");
    }
}

#[test]
fn the_readme_names_every_verb() {
    let readme = fs::read_to_string(repository().join("README.md")).unwrap_or_default();
    let named =
        |verb: &str| readme.contains(&format!("`{verb}")) || readme.contains(&format!("probity {verb}"));
    let mut verbs = crate::cli::verbs(&crate::harness::Sandbox::new());
    verbs.retain(|verb| !named(verb));
    assert_eq!(verbs, [""; 0], "README.md does not name them");
}
