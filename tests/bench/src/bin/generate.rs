//! Compares `cargo xtask generate`, as a whole process, with the progenitor library for the same document, and for a document with ten
//! renamed copies of everything. Then prints time and peak memory per operation for 1 to 30 copies.

use openapiv3::OpenAPI;
use partner_bench::{contender, measure, print};
use progenitor::{GenerationSettings, Generator, InterfaceStyle};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const TIMES: usize = 10;
/// The copies of the table of growth: 78 to 2,340 operations.
const GROWTH: [usize; 4] = [1, 3, 10, 30];
const GROWTH_ROUNDS: usize = 5;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, mode, document] = arguments.as_slice() {
        assert_eq!(mode, "bare");
        return bare(Path::new(document));
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let xtask = PathBuf::from(std::env::var("XTASK").unwrap());
    let folder = root.join("target/bench/generate");

    // Corrected already, because corrections do not match the renamed copies.
    let once: Value = read(&root.join("openapi/partner-ingestion.openapi.json"));
    let names = std::fs::read_to_string(root.join("openapi/names.toml")).unwrap();
    let one = project(&folder.join("once"), &once, &names);
    let (many, more_names) = repeated(&once, &names, TIMES);
    let ten = project(&folder.join("ten-times"), &many, &more_names);
    for project in [&one, &ten] {
        run(generate(&xtask, project).arg("--emit-normalised").arg(project.join("normalised.json")));
    }
    let this = std::env::current_exe().unwrap();
    let bare = |project: &Path| {
        let mut command = Command::new(&this);
        command.arg("bare").arg(project.join("normalised.json"));
        command
    };

    const BARE: &str = "progenitor alone, its document";
    let figures = measure(&[
        contender(BARE, || run(&mut bare(&one))),
        contender("generate, the same interface", || run(&mut generate(&xtask, &one))),
        contender("generate --check, with all overlays", || {
            run(Command::new(&xtask).args(["generate", "--check"]).env("CARGO_MANIFEST_DIR", root.join("xtask")))
        }),
        contender("progenitor alone, ten copies", || run(&mut bare(&ten))),
        contender("generate, ten copies", || run(&mut generate(&xtask, &ten))),
    ]);
    print("whole processes", &figures, BARE);
    growth(&xtask, &folder, &once, &names);
}

/// Prints what an operation costs in larger and larger documents. Linear growth has the ratio 1.
fn growth(xtask: &Path, folder: &Path, once: &Value, names: &str) {
    println!("\ngrowth\n\n| copies | operations | ms per operation | ratio | kB per operation | ratio |");
    println!("| ---: | ---: | ---: | ---: | ---: | ---: |");
    let mut first = None;
    for copies in GROWTH {
        let (document, names) = repeated(once, names, copies);
        let project = project(&folder.join(format!("growth-{copies}")), &document, &names);
        let operations = document["paths"].as_object().unwrap().values().map(methods).sum::<usize>() as f64;
        let mut runs: Vec<(Duration, u64)> = (0..GROWTH_ROUNDS).map(|_| peak(&mut generate(xtask, &project))).collect();
        runs.sort_unstable();
        let (time, memory) = runs[GROWTH_ROUNDS / 2];
        let (millis, kilobytes) = (time.as_secs_f64() * 1e3 / operations, memory as f64 / operations);
        let (base_millis, base_kilobytes) = *first.get_or_insert((millis, kilobytes));
        let ratios = (millis / base_millis, kilobytes / base_kilobytes);
        println!("| {copies} | {operations} | {millis:.2} | {:.2} | {kilobytes:.0} | {:.2} |", ratios.0, ratios.1);
    }
}

fn methods(item: &Value) -> usize {
    const METHODS: [&str; 7] = ["delete", "get", "head", "options", "patch", "post", "put"];
    METHODS.iter().filter(|method| item.get(method).is_some()).count()
}

/// Runs a command. Returns its time, and its peak memory in kB as Linux last showed it before the end; 0 elsewhere.
fn peak(command: &mut Command) -> (Duration, u64) {
    let start = Instant::now();
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let (status, mut peak) = (format!("/proc/{}/status", child.id()), 0);
    let ended = loop {
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        peak = line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(peak);
        match child.try_wait().unwrap() {
            Some(ended) => break ended,
            None => std::thread::sleep(Duration::from_millis(2)),
        }
    };
    assert!(ended.success());
    (start.elapsed(), peak)
}

fn run(command: &mut Command) {
    let output = command.stdout(Stdio::null()).stderr(Stdio::piped()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

fn read(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

/// A minimal program: reads the document, runs progenitor and prints the code.
fn bare(document: &Path) {
    let document: OpenAPI = serde_json::from_slice(&std::fs::read(document).unwrap()).unwrap();
    let mut settings = GenerationSettings::default();
    settings.with_interface(InterfaceStyle::Positional);
    let tokens = Generator::new(&settings).generate_tokens(&document).unwrap();
    println!("{}", prettyplease::unparse(&syn::parse2(tokens).unwrap()));
}

/// A project with this document and no corrections.
fn project(folder: &Path, document: &Value, names: &str) -> PathBuf {
    let openapi = folder.join("openapi");
    std::fs::create_dir_all(openapi.join("overlays")).unwrap();
    std::fs::create_dir_all(folder.join("xtask")).unwrap();
    std::fs::write(openapi.join("names.toml"), names).unwrap();
    std::fs::write(folder.join("document.json"), document.to_string()).unwrap();
    folder.to_owned()
}

fn generate(xtask: &Path, project: &Path) -> Command {
    let mut command = Command::new(xtask);
    command.arg("generate").arg("--document").arg(project.join("document.json"));
    command.env("CARGO_MANIFEST_DIR", project.join("xtask"));
    command
}

/// Returns the document and its names, with copies of every schema and path.
fn repeated(document: &Value, names: &str, copies: usize) -> (Value, String) {
    let mut all = document.clone();
    let mut rows: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for copy in 2..=copies {
        let suffix = format!("Copy{copy}");
        for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
            all["components"]["schemas"][renamed(name, &suffix)] = with_references(schema, &suffix);
        }
        for (path, item) in document["paths"].as_object().unwrap() {
            all["paths"][format!("/copy{copy}{path}")] = with_references(item, &suffix);
        }
        let mut section = "";
        for line in names.lines() {
            section = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(section);
            let Some((key, name)) =
                line.split_once(" = ").map(|(key, name)| (key.trim_matches('"'), name.trim_matches('"')))
            else {
                continue;
            };
            match section {
                "operations" => {
                    let (method, path) = key.split_once(' ').unwrap();
                    rows.entry(section)
                        .or_default()
                        .push(format!("\"{method} /copy{copy}{path}\" = \"{name}_copy_{copy}\""));
                }
                "schemas" => {
                    let key = match key.split_once('.') {
                        Some((owner, property)) => format!("{owner}{suffix}.{property}"),
                        None => renamed(key, &suffix),
                    };
                    rows.entry(section).or_default().push(format!("\"{key}\" = \"{name}{suffix}\""));
                }
                _ => {}
            }
        }
    }
    let mut text = String::new();
    for line in names.lines() {
        text.push_str(line);
        text.push('\n');
        let section = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or_default();
        rows.remove(section).unwrap_or_default().iter().for_each(|row| text.extend([row, "\n"]));
    }
    (all, text)
}

/// `A.B` becomes `A.BCopy2`, `Page_A.B_` becomes `Page_A.BCopy2_`.
fn renamed(name: &str, suffix: &str) -> String {
    match name.split_once('_') {
        Some((outer, inner)) => format!("{outer}_{}{suffix}_", inner.trim_end_matches('_')),
        None => format!("{name}{suffix}"),
    }
}

fn with_references(node: &Value, suffix: &str) -> Value {
    match node {
        Value::Object(members) => {
            let renamed = |(key, value): (&String, &Value)| {
                let reference = value.as_str().and_then(|text| text.strip_prefix("#/components/schemas/"));
                let value = match reference.filter(|_| key == "$ref") {
                    Some(name) => format!("#/components/schemas/{}", renamed(name, suffix)).into(),
                    None => with_references(value, suffix),
                };
                (key.clone(), value)
            };
            members.iter().map(renamed).collect::<Map<_, _>>().into()
        }
        Value::Array(items) => items.iter().map(|item| with_references(item, suffix)).collect(),
        other => other.clone(),
    }
}
