//! Holds the modules to the layers that `lib.rs` lists.

use std::fs;
use std::path::{Path, PathBuf};

use crate::support::repository;

/// The modules in the order of `lib.rs`.
fn layers() -> Vec<String> {
    let text = fs::read_to_string(repository().join("src/lib.rs")).expect("lib.rs");
    text.lines()
        .filter_map(|line| line.strip_prefix("pub mod "))
        .map(|rest| rest.trim_end_matches(';').to_owned())
        .collect()
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
}

/// Each source file with the top-level module that it belongs to.
fn files() -> Vec<(String, String, String)> {
    let src = repository().join("src");
    let mut found = Vec::new();
    sources(&src, &mut found);
    found.sort();
    found
        .into_iter()
        .map(|path| {
            let name = path
                .strip_prefix(&src)
                .expect("below src")
                .to_string_lossy()
                .into_owned();
            let module = name.split(['/', '\\']).next().unwrap_or_default();
            let module = module.trim_end_matches(".rs").to_owned();
            let text = fs::read_to_string(&path).expect("source text");
            (name, module, text)
        })
        .collect()
}

#[test]
fn modules_import_only_from_those_above() {
    let layers = layers();
    let place = |module: &str| layers.iter().position(|layer| layer == module);
    let mut wrong = Vec::new();
    for (name, module, text) in files() {
        let Some(own) = place(&module) else { continue };
        // Tests may look at a result as it is shown.
        if name.replace('\\', "/").contains("/tests/") {
            continue;
        }
        for (number, line) in text.lines().enumerate() {
            for used in line.split("crate::").skip(1) {
                let end = used.find(|c: char| !c.is_alphanumeric() && c != '_');
                let used = &used[..end.unwrap_or(used.len())];
                if place(used).is_some_and(|theirs| theirs > own) {
                    wrong.push(format!(
                        "src/{name}:{}: {module} imports {used}",
                        number + 1
                    ));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn engines_are_named_where_they_belong() {
    let rules: [(&str, &[&str]); 4] = [
        ("datafusion::", &["query", "cluster"]),
        ("deltalake::", &["store"]),
        ("polars", &["series", "ingest"]),
        ("std::env::var", &["cli"]),
    ];
    let mut wrong = Vec::new();
    for (name, module, text) in files() {
        for (number, line) in text.lines().enumerate() {
            let code = line.trim_start();
            if code.starts_with("//") {
                continue;
            }
            for (engine, allowed) in rules {
                if code.contains(engine) && !allowed.contains(&module.as_str()) {
                    wrong.push(format!("src/{name}:{}: {engine}", number + 1));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
