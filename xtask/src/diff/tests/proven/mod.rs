//! Proves the level of every kind of change by programs of users, with the current SDK and with the SDK of one document that has all
//! edits. Both are compiled once.
//!
//! Code of the level *source* compiles with the old SDK only. What was added compiles with the new SDK only: taken back without
//! retained items, it is of the level *source*. Programs of the levels *behaviour* and *doc* compile with both and run with both, in
//! one process.

mod cases;

use super::{at, corrected};
use crate::diff::edition::{Edition, Tables};
use crate::diff::rule::Users;
use crate::diff::users::{self, UserChange};
use crate::document::load;
use crate::generate::model::api::Api;
use crate::generate::model::hand_written;
use crate::generate::retained::Retained;
use crate::generate::tests::{Project, compiler};
use crate::report::Report;
use crate::update::{Options, Proof, changelog, prepare};
use cases::{ADDED, BREAKING, MOVED, RUNNING, edit};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

const DAY: &str = "2027-01-31";

/// The changes between both documents: forth, back without retained items, and back to what is deprecated.
static CHANGES: LazyLock<[Vec<UserChange>; 3]> = LazyLock::new(|| {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let names = names(&std::fs::read_to_string(root.join("openapi/names.toml")).unwrap());
    let tables = Tables { names, retained: Retained::default() };
    let sdk = hand_written::read(root).unwrap();
    let api = |document: Value| -> Api { Edition::corrected(document, &tables, &sdk).unwrap().api.unwrap() };
    let (old, new) = (api(corrected()), api(edited()));
    let mut retaining = api(edited());
    Retained::carry(&old, &mut retaining, &Retained::default(), DAY);
    [users::compare(&old, &retaining), users::compare(&new, &old), users::compare(&retaining, &old)]
});

/// The library with all edits.
static SDK: LazyLock<(Project, PathBuf)> = LazyLock::new(|| {
    let project = Project::generated();
    // The document is corrected already.
    std::fs::remove_dir_all(project.path("openapi/overlays")).unwrap();
    std::fs::create_dir_all(project.path("openapi/overlays")).unwrap();
    project.write(changelog::FILE, "");
    project.write("openapi/names.toml", names(&project.read("openapi/names.toml")));
    let document = load::from_bytes("edited.json", edited().to_string().into_bytes()).unwrap();
    let options = Options {
        document: "edited.json".as_ref(),
        dry_run: true,
        allow_broken: &[],
        proof: Proof::Compiles,
        day: DAY,
    };
    prepare(project.root(), &document, &options, &Report::quiet()).unwrap().unwrap().write(project.root()).unwrap();
    project.run(|_| {}).unwrap();
    compiler::copy_sdk(project.root());
    let library = compiler::build_sdk(project.root(), &["client"]).unwrap();
    (project, library)
});

fn edited() -> Value {
    let mut document = corrected();
    edit(&mut document);
    document
}

/// Adds the rows of the moved path.
fn names(text: &str) -> String {
    let rows = text.lines().filter(|line| line.contains(&format!(" {}\"", MOVED.0)) && !line.contains('#'));
    let rows: Vec<String> = rows.map(|row| row.replace(MOVED.0, MOVED.1)).collect();
    assert_eq!(rows.len(), 2, "{rows:?}");
    text.replacen("[operations]", &format!("[operations]\n{}", rows.join("\n")), 1)
}

fn find<'c>(changes: &'c [UserChange], id: &str, item: &str) -> &'c UserChange {
    let found = changes.iter().find(|change| change.id == id && change.item == item);
    found.unwrap_or_else(|| panic!("{id} of {item} is missing in {changes:#?}"))
}

fn metadata() -> PathBuf {
    SDK.1.with_extension("rmeta")
}

/// Functions of a user, each in a module.
fn user(functions: impl Iterator<Item = &'static str>) -> String {
    let modules = functions.enumerate().map(|(number, code)| format!("pub mod case_{number} {{ {USES} {code} }}\n"));
    "//! Code of a user.\n".to_owned() + &modules.collect::<String>()
}

/// Checks that the compiler reports each function with its message. It resolves names first, and stops after errors there.
fn each_fails(sdk: &Path, cases: impl Iterator<Item = (&'static str, &'static str)>) {
    let (names, others): (Vec<_>, Vec<_>) = cases.partition(|(_, wanted)| wanted.starts_with("cannot find"));
    for group in [names, others].into_iter().filter(|group| !group.is_empty()) {
        let code =
            format!("#![allow(deprecated)] {}", user(group.iter().map(|case| case.0)).replacen("//! ", "// ", 1));
        let error = "\n".to_owned() + &compiler::check_user(sdk, &code).unwrap_err();
        let errors: Vec<&str> = error.split("\nerror[").filter(|error| error.contains("user.rs:")).collect();
        for (number, (code, wanted)) in group.iter().enumerate() {
            let line = format!("user.rs:{}:", number + 2);
            let found = errors.iter().any(|error| error.contains(&line) && error.contains(wanted));
            assert!(found, "{code}: {wanted} is not in {error}");
        }
    }
}

const USES: &str = "#[allow(unused_imports)] use partner_ingestion_sdk::{Client, Error, Page, Resource, types::*};";

#[test]
fn changes_of_the_level_source_break_a_build() {
    for (id, item, _, _) in BREAKING {
        assert_eq!(find(&CHANGES[0], id, item).level, Users::Source, "{id} of {item}");
    }
    compiler::check_user(compiler::sdk(), &user(BREAKING.iter().map(|case| case.2))).unwrap();
    each_fails(&metadata(), BREAKING.iter().map(|(_, _, code, wanted)| (*code, *wanted)));
}

#[test]
fn additions_need_the_new_version_and_their_removal_breaks_a_build() {
    for (added, removed, item, removed_item, _, _) in ADDED {
        assert_eq!(find(&CHANGES[0], added, item).level, Users::Additive, "{added} of {item}");
        assert_eq!(find(&CHANGES[1], removed, removed_item).level, Users::Source, "{removed} of {removed_item}");
    }
    compiler::check_user(&metadata(), &user(ADDED.iter().map(|case| case.4))).unwrap();
    each_fails(compiler::sdk(), ADDED.iter().map(|(_, _, _, _, code, wanted)| (*code, *wanted)));
}

#[test]
fn other_changes_compile_and_programs_show_their_behaviour() {
    let functions = RUNNING
        .iter()
        .enumerate()
        .map(|(number, (id, _, _, code, _))| format!("out(\"{number} {id}\", {{ {code} }});\n"));
    let program = include_str!("program.txt").replace("// CASES", &functions.collect::<String>());
    let output = compiler::run_user(&[("old", compiler::sdk()), ("new", &SDK.1)], &program).unwrap();
    let printed = |sdk: &str, number: usize, id: &str| {
        let start = format!("{sdk} {number} {id}: ");
        let line = output.lines().find_map(|line| line.strip_prefix(&start));
        line.unwrap_or_else(|| panic!("{start}{output}")).to_owned()
    };
    for (number, (id, item, level, _, expected)) in RUNNING.iter().enumerate() {
        assert_eq!(find(&CHANGES[0], id, item).level, *level, "{id} of {item}");
        let (before, after) = (printed("old", number, id), printed("new", number, id));
        assert_eq!((before.as_str(), after.as_str()), *expected, "{id} of {item}");
        assert!(*level == Users::Behaviour || before == after, "{id} of {item} has no effect on programs");
    }
}

/// A program without warnings for the new version stays one for the old version, in which the item is not deprecated.
#[test]
fn what_is_no_longer_deprecated_compiles_without_warnings() {
    let change = find(&CHANGES[2], "no-longer-deprecated", "CallToAction::ContactMe");
    assert_eq!(change.level, Users::Additive);
    let code = user(["pub fn f() -> CallToAction { CallToAction::ContactMe }"].into_iter());
    let code = format!("#![deny(deprecated)]\n{code}");
    let error = compiler::check_user(&metadata(), &code).unwrap_err();
    assert!(error.contains("use of deprecated") && error.contains("ContactMe"), "{error}");
    compiler::check_user(compiler::sdk(), &code).unwrap();
}

/// Every kind that the comparison knows is proven by a case.
#[test]
fn every_kind_of_change_has_a_proof() {
    let source = include_str!("../../users.rs");
    let texts = source.split('"').skip(1).step_by(2);
    let is_id = |text: &&str| text.contains('-') && text.chars().all(|c| c.is_ascii_lowercase() || c == '-');
    let known: BTreeSet<&str> = texts.filter(is_id).collect();
    let proven: BTreeSet<&str> = BREAKING.iter().map(|case| case.0).chain(RUNNING.iter().map(|case| case.0)).collect();
    let proven: BTreeSet<&str> = proven.into_iter().chain(ADDED.iter().flat_map(|case| [case.0, case.1])).collect();
    let missing: Vec<&&str> = known.difference(&proven).filter(|id| **id != "no-longer-deprecated").collect();
    assert!(known.len() > 30 && missing.is_empty(), "{} known, no proof of {missing:?}", known.len());
}
