//! The module dependencies of the SDK: `model` <- `error` <- `http` <- `workflows`, without cycles.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../partner-ingestion-sdk/src");

/// Module paths such as `http::retry`, with the code of their files without tests.
type Modules = BTreeMap<String, String>;

fn modules() -> Modules {
    let mut found = Modules::new();
    collect(Path::new(ROOT), "", &mut found);
    found
}

fn collect(folder: &Path, prefix: &str, found: &mut Modules) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap();
        let module = if prefix.is_empty() { name.to_owned() } else { format!("{prefix}::{name}") };
        if path.is_dir() {
            collect(&path, &module, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let module = if name == "mod" { prefix.to_owned() } else { module };
            let code = std::fs::read_to_string(&path).unwrap();
            let code = code.split("#[cfg(test)]").next().unwrap().to_owned();
            found.insert(if module == "lib" { String::new() } else { module }, code);
        }
    }
}

/// Returns the layer of a module, which may use its own layer and lower ones. `None` for documentation pages and the crate root.
fn layer(module: &str) -> Option<usize> {
    let part = module.strip_prefix("generated::").unwrap_or(module);
    match part.split("::").next()? {
        "model" | "enums" | "ids" | "resources" | "setters" | "types" | "unions" => Some(0),
        "error" => Some(1),
        "client" | "http" | "operations" | "requests" | "table" => Some(2),
        "workflows" => Some(3),
        _ => None,
    }
}

/// Returns the paths of all `use` statements, with groups expanded.
fn uses(code: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut statement = String::new();
    for line in code.lines().map(str::trim) {
        let starts = ["use ", "pub use ", "pub(crate) use ", "pub(super) use "]
            .iter()
            .find_map(|start| line.strip_prefix(start));
        match (statement.is_empty(), starts) {
            (true, Some(rest)) => statement = format!("{rest} "),
            (true, None) => continue,
            (false, _) => statement.push_str(line),
        }
        if line.ends_with(';') {
            expand("", statement.trim().trim_end_matches(';'), &mut found);
            statement.clear();
        }
    }
    found
}

fn expand(prefix: &str, tree: &str, found: &mut Vec<String>) {
    let Some(open) = tree.find('{') else {
        let path = tree.split(" as ").next().unwrap().trim();
        return found.push(format!("{prefix}{path}"));
    };
    let prefix = format!("{prefix}{}", tree[..open].trim());
    let inner = &tree[open + 1..tree.rfind('}').unwrap_or(tree.len())];
    let (mut depth, mut start) = (0, 0);
    for (at, letter) in inner.char_indices().chain([(inner.len(), ',')]) {
        match letter {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                if !inner[start..at].trim().is_empty() {
                    expand(&prefix, inner[start..at].trim(), found);
                }
                start = at + 1;
            }
            _ => {}
        }
    }
}

/// Returns the module that defines the item at a path. Follows re-exports.
fn resolve(modules: &Modules, from: &str, path: &str) -> Option<String> {
    let mut base: Vec<&str> = Vec::new();
    let mut rest: Vec<&str> = path.split("::").collect();
    match rest[0] {
        "crate" => drop(rest.remove(0)),
        "super" | "self" => {
            base = from.split("::").filter(|part| !part.is_empty()).collect();
            while let Some("super" | "self") = rest.first().copied() {
                if rest.remove(0) == "super" {
                    base.pop();
                }
            }
        }
        _ => return None,
    }
    while let Some(next) = rest.first() {
        let mut deeper = base.clone();
        deeper.push(next);
        let deeper_name = deeper.join("::");
        if !modules.contains_key(&deeper_name) && deeper_name != "types" {
            break;
        }
        base = deeper;
        rest.remove(0);
    }
    let module = base.join("::");
    let Some(name) = rest.first() else { return Some(module) };
    let code = modules.get(&module)?;
    let re_export = uses(code).into_iter().find(|used| used.rsplit("::").next() == Some(name));
    let Some(re_export) = re_export else { return Some(module) };
    let relative =
        match modules.contains_key(&[&module, re_export.split("::").next()?].map(|s| s.to_owned()).join("::")) {
            true => format!("self::{re_export}"),
            false if module.is_empty() => format!("crate::{re_export}"),
            false => re_export,
        };
    resolve(modules, &module, &relative).or(Some(module))
}

/// Returns the modules that each module uses.
fn dependencies(modules: &Modules) -> BTreeMap<String, BTreeSet<String>> {
    let mut dependencies = BTreeMap::new();
    for (module, code) in modules.iter().filter(|(module, _)| layer(module).is_some()) {
        let used = uses(code).into_iter().filter_map(|path| {
            let own = path.split("::").next().is_some_and(|first| modules.contains_key(&format!("{module}::{first}")));
            let target = if own { None } else { resolve(modules, module, &path) };
            target.or_else(|| {
                // A path to an item of the module itself.
                let parent = path.rsplit_once("::").map(|(parent, _)| parent.to_owned())?;
                resolve(modules, module, &parent)
            })
        });
        let used = used.filter(|target| target != module && layer(target).is_some());
        dependencies.insert(module.clone(), used.collect());
    }
    dependencies
}

/// Returns dependencies on a higher layer, and cycles.
fn problems(modules: &Modules) -> Vec<String> {
    let dependencies = dependencies(modules);
    let mut problems = Vec::new();
    for (module, used) in &dependencies {
        for target in used.iter().filter(|target| layer(target) > layer(module)) {
            problems.push(format!("{module} uses {target}, which is in a higher layer"));
        }
        let mut reached: BTreeSet<&String> = BTreeSet::new();
        let mut open: Vec<&String> = used.iter().collect();
        while let Some(next) = open.pop() {
            if reached.insert(next) {
                open.extend(dependencies.get(next).into_iter().flatten());
            }
        }
        if reached.contains(module) {
            problems.push(format!("{module} depends on itself through other modules"));
        }
    }
    problems
}

#[test]
fn modules_depend_in_one_direction() {
    let modules = modules();
    assert_eq!(problems(&modules), Vec::<String>::new());
    let dependencies = dependencies(&modules);
    assert!(dependencies.values().map(BTreeSet::len).sum::<usize>() > 60, "{dependencies:#?}");
    assert!(dependencies["workflows::upload::blob"].contains("http::retry"));
    assert!(dependencies["http::send"].contains("error::kind"), "re-exports are followed");
}

#[test]
fn detects_reversed_and_circular_dependencies() {
    let problems_with = |module: &str, line: &str| {
        let mut modules = modules();
        let code = modules.get_mut(module).unwrap();
        *code = format!("{line}\n{code}");
        problems(&modules)
    };
    let reversed = problems_with("error::kind", "use crate::http::{retry::RetryPolicy};");
    assert!(reversed.contains(&"error::kind uses http::retry, which is in a higher layer".to_owned()), "{reversed:?}");
    let reversed = problems_with("model::ingestion::stage", "use crate::{Publish, Page};");
    assert!(
        reversed.contains(
            &"model::ingestion::stage uses workflows::publish::builder, which is in a higher layer".to_owned()
        ),
        "{reversed:?}"
    );
    let cycle = problems_with("http::retry", "use super::send::Pipeline;");
    assert!(cycle.contains(&"http::retry depends on itself through other modules".to_owned()), "{cycle:?}");
}

/// The anchors of the sections of `Client`'s page, and the hand-written blocks of methods without a heading.
fn sections(modules: &Modules) -> (BTreeSet<String>, Vec<String>) {
    let (mut anchors, mut problems) = (BTreeSet::new(), Vec::new());
    for (module, code) in modules {
        let lines: Vec<&str> = code.lines().map(str::trim).collect();
        for at in (0..lines.len()).filter(|at| lines[*at] == "impl Client {") {
            let docs = lines[..at].iter().rev().take_while(|line| line.starts_with("///"));
            match docs.filter_map(|line| line.strip_prefix("/// # ")).last() {
                Some(heading) => drop(anchors.insert(heading.to_lowercase().replace(' ', "-"))),
                None if module.starts_with("generated") => {}
                None => problems.push(format!("{module}: line {}", at + 1)),
            }
        }
    }
    (anchors, problems)
}

/// The anchors that `Client`'s documentation links to.
fn linked(modules: &Modules) -> BTreeSet<String> {
    let links = modules["client"].split("](#").skip(1);
    links.map(|link| link.split(')').next().unwrap().to_owned()).collect()
}

#[test]
fn methods_of_the_client_are_in_sections_that_its_page_links_to() {
    let mut modules = modules();
    let (mut anchors, problems) = sections(&modules);
    assert_eq!(problems, Vec::<String>::new(), "without a heading");
    anchors.insert("errors-of-calls".to_owned());
    assert!(anchors.len() >= 7, "{anchors:?}");
    let linked = linked(&modules);
    let hand_written = ["building-a-client", "drafts", "lookups", "publishing", "requests-of-your-own", "uploads"];
    assert!(hand_written.iter().all(|anchor| linked.contains(*anchor)), "{linked:?}");
    assert!(linked.is_subset(&anchors), "links {linked:?}, sections {anchors:?}");
    modules.get_mut("workflows::draft").unwrap().push_str("\nimpl Client {\n}\n");
    assert_eq!(sections(&modules).1.len(), 1, "a planted block is found");
}
