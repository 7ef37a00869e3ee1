//! A walk through editions of the document: every kind of change, forth and back, with the overlays as they are and with edited ones.
//!
//! Each step ends in a project that has the names of yesterday, except those that the printed changes name at the level *source*, or in
//! a message with a place and a next step. `PARTNER_EDITIONS` is the number of walks, or `all`, which also compiles the SDK and
//! yesterday's user crate.

use super::tests::project;
use super::tokens::{self, Token};
use super::{Options, Proof, run};
use crate::diff::tests::compiled::CODE;
use crate::diff::tests::{Edit, edits};
use crate::generate::tests::{Project, compiler};
use crate::report::Report;
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};

const SAMPLE: usize = 3;
const GENERATED: &str = "partner-ingestion-sdk/src/generated";

/// One walk.
#[derive(Clone, Copy)]
struct Walk {
    kind: &'static str,
    edit: Edit,
    edited_overlays: bool,
}

#[test]
fn each_edition_ends_in_a_project_or_in_a_message_with_a_next_step() {
    let size = std::env::var("PARTNER_EDITIONS").unwrap_or_default();
    let edits = edits()
        .into_iter()
        .flat_map(|(kind, _, edit)| [false, true].map(|edited_overlays| Walk { kind, edit, edited_overlays }));
    let all: Vec<Walk> = edits.collect();
    let compiles = size == "all";
    let count = if compiles { all.len() } else { size.parse().unwrap_or(SAMPLE) };
    // Spread over the kinds, with both forms of the overlays.
    let chosen: Vec<Walk> = (0..count).map(|at| all[at * (all.len() - 1) / (count - 1).max(1)]).collect();
    let next = AtomicUsize::new(0);
    let work = || {
        let mut ended = Vec::new();
        while let Some(walk) = chosen.get(next.fetch_add(1, Ordering::Relaxed)) {
            ended.extend(walk.run(compiles));
        }
        ended
    };
    let ended: Vec<&str> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..2).map(|_| scope.spawn(work)).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    let number = |end: &str| ended.iter().filter(|other| **other == end).count();
    println!(
        "{} editions: {} kept all names, {} named what they removed, {} were rejected with a next step",
        ended.len(),
        number("kept"),
        number("named"),
        number("rejected")
    );
    assert!(ended.len() > chosen.len() && number("kept") > 0, "{ended:?}");
}

impl Walk {
    /// Updates to the edited document and back, and returns how each step ended.
    fn run(self, compiles: bool) -> Vec<&'static str> {
        let project = project();
        if self.edited_overlays {
            without_a_group(&project);
        }
        let (base, edited) = (project.changed(|_| {}), project.changed(self.edit));
        let mut ended = vec![self.step(&project, &edited, "forth", compiles)];
        if ended[0] != "rejected" {
            // A major version was released: nothing is retained when the publisher takes the change back.
            let _ = std::fs::remove_file(project.path("openapi/retained.toml"));
            let mut outcome = project.run(|_| {});
            if let Err(error) = &outcome {
                // The message is followed once: the row of a retained name is removed.
                rejected(&format!("{}, without retained items", self.kind), error);
                let names = project.read("openapi/names.toml");
                let quoted: Vec<&str> = error.split('"').skip(1).step_by(2).collect();
                // An item of a table has its place as the key, an enum as the value.
                let is_named = |line: &str| {
                    line.split_once(" = ").is_some_and(|(key, places)| {
                        quoted.contains(&key.trim_matches('"'))
                            || quoted.iter().any(|place| places == format!("[\"{place}\"]"))
                    })
                };
                let kept = names.lines().filter(|line| !is_named(line));
                project.write("openapi/names.toml", kept.flat_map(|line| [line, "\n"]).collect::<String>());
                outcome = project.run(|_| {});
            }
            outcome.unwrap_or_else(|error| panic!("{}, as the message says: {error}", self.kind));
            // What is compiled was written for the first edition. It may use what the second one lacked.
            let compiles = compiles && ended[0] == "kept";
            ended.push(self.step(&project, &base, "back", compiles));
        }
        ended
    }

    fn step(self, project: &Project, document: &str, way: &str, compiles: bool) -> &'static str {
        let what = format!("{} {way}, edited overlays: {}", self.kind, self.edited_overlays);
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("new.json");
        std::fs::write(&file, document).unwrap();
        let (tree, before) = (project.tree(), names(project));
        let report = Report::quiet();
        let options =
            Options { document: &file, dry_run: false, allow_broken: &[], proof: Proof::Generated, day: "2027-01-31" };
        if let Err(error) = run(project.root(), &options, &report) {
            let error = anstream::adapter::strip_str(&format!("{error:#}")).to_string();
            let mut after = project.tree();
            after.retain(|(path, _)| !path.starts_with("target"));
            assert!(after == tree, "{what}: the project was changed");
            return rejected(&what, &error);
        }
        if compiles {
            project.check().unwrap_or_else(|error| panic!("{what}: {error}"));
        }
        let changelog = project.read(super::changelog::FILE);
        let after = names(project);
        let lost: Vec<&String> = before.difference(&after).collect();
        for name in &lost {
            let item = name.split_once('(').map_or(name.as_str(), |(name, _)| name);
            let is_named = changelog.lines().any(|line| line.contains("-removed` `") && line.contains(item));
            assert!(is_named, "{what}: {name} was lost, and no change says so: {changelog}");
        }
        let _ = std::fs::remove_dir_all(project.path("target"));
        let entry = changelog.split("### ").nth(1).unwrap_or_default();
        let breaks = entry.contains("Source: ");
        assert!(breaks || lost.is_empty(), "{what}: {lost:?}");
        if compiles {
            compile(project, &what, breaks);
        }
        if breaks { "named" } else { "kept" }
    }
}

/// Checks that a message has a place and a next step.
fn rejected(what: &str, error: &str) -> &'static str {
    let places = ["/paths/", "/components/", "openapi/overlays/", "names.toml", "/servers", "/info"];
    assert!(places.iter().any(|place| error.contains(place)), "{what}: no place in {error}");
    let steps = ["Fix the problems above", "run `cargo xtask", "add a row", "remove the row"];
    assert!(steps.iter().any(|step| error.contains(step)), "{what}: no next step in {error}");
    "rejected"
}

/// Compiles the SDK and yesterday's user crate. Only changes of the level source may break them.
fn compile(project: &Project, what: &str, breaks: bool) {
    let folder = tempfile::tempdir().unwrap();
    compiler::copy_sdk(folder.path());
    for (path, text) in project.tree().into_iter().filter(|(path, _)| path.starts_with(GENERATED)) {
        let to = folder.path().join(path);
        std::fs::create_dir_all(to.parent().unwrap()).unwrap();
        std::fs::write(to, text).unwrap();
    }
    for file in ["partner-ingestion-sdk/offer-manifest.schema.json", "partner-ingestion-sdk/CHANGELOG.md"] {
        std::fs::copy(project.path(file), folder.path().join(file)).unwrap();
    }
    let outcome = compiler::check_sdk(folder.path(), &["client"]);
    match outcome.and_then(|sdk| compiler::check_user(&sdk, CODE)) {
        Ok(()) => {}
        Err(error) => assert!(breaks, "{what}: {error}"),
    }
}

/// Removes one correction that adds a property, as a maintainer may do.
fn without_a_group(project: &Project) {
    const FILE: &str = "openapi/overlays/10-names-and-values.overlay.yaml";
    let text = project.read(FILE);
    let start = text
        .find("  - target: $.components.schemas['Microsoft.Ingestion.Api.Models.Variants.AzureSkuVariant'].allOf[*].properties\n    update:\n      certificationsAzureGovernment")
        .unwrap();
    let end = start + 1 + text[start + 1..].find("\n\n  - target").unwrap();
    project.write(FILE, format!("{}{}", &text[..start], &text[end..]));
}

/// The names that the generated code has: types, fields, variants, methods of the client and setters.
fn names(project: &Project) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for file in ["types", "enums", "unions", "ids", "operations", "setters", "modify"] {
        let text = project.read(&format!("{GENERATED}/{file}.rs"));
        let code: String =
            text.lines().filter(|line| !line.trim_start().starts_with("//")).flat_map(|l| [l, "\n"]).collect();
        let tokens = tokens::of_rust(&code);
        let mut names = BTreeSet::new();
        items(&tokens, &mut names);
        // A builder is lost with its method.
        names.retain(|name| file != "operations" || name.ends_with("()"));
        found.extend(names);
    }
    assert!(found.len() > 1000, "{}", found.len());
    found
}

fn items(tokens: &[Token<'_>], found: &mut BTreeSet<String>) {
    let text = |at: usize| tokens.get(at).map_or("", |token| token.text);
    let (mut owner, mut depth) = (String::new(), 0);
    for at in 0..tokens.len() {
        match text(at) {
            "{" => depth += 1,
            "}" => depth -= 1,
            // The second part of a macro lists the variants that are retained.
            "enum" if text(at + 1) == "Removed" => depth = 0,
            "struct" | "enum" if text(at + 1).starts_with(char::is_uppercase) => {
                owner = text(at + 1).to_owned();
                depth = 0;
                found.insert(owner.clone());
            }
            "fn" if text(at.wrapping_sub(1)) == "pub" => drop(found.insert(format!("{}()", text(at + 1)))),
            "pub" if text(at + 2) == ":" && depth == 1 => drop(found.insert(format!("{owner}.{}", text(at + 1)))),
            name if depth == 1 && name.starts_with(char::is_uppercase) && ["=", "("].contains(&text(at + 1)) => {
                found.insert(format!("{owner}::{name}"));
            }
            _ => {}
        }
    }
}
