//! Compile times: compares the SDK with the output of plain progenitor for the same interface, in positional and in builder style.
//!
//! Each is a crate whose dependencies are built before. The crates are compiled alternately. The SDK is measured twice: the generated
//! part as a separate crate like the others, and the whole SDK with setters, builders and runtime.

use progenitor::{GenerationSettings, Generator, InterfaceStyle};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

const ROUNDS: usize = 5;

struct Peer {
    name: &'static str,
    folder: PathBuf,
    package: &'static str,
    features: &'static [&'static str],
}

fn main() {
    let target = PathBuf::from(std::env::var_os("CARGO_TARGET_DIR").expect("run it with `cargo xtask bench compile`"));
    let document = std::env::var_os("PLAIN_DOCUMENT").expect("run it with `cargo xtask bench compile`");
    let document: openapiv3::OpenAPI = serde_json::from_str(&std::fs::read_to_string(document).unwrap()).unwrap();
    let sdk = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../partner-ingestion-sdk");
    let peer = |name, package, style| {
        let folder = target.join("peers").join(package);
        write_peer(&folder, package, &document, style);
        Peer { name, folder, package, features: &[] }
    };
    let generated = target.join("peers/generated-part");
    write_generated_part(&generated, &sdk);
    let peers = [
        Peer { name: "ours, the generated part", folder: generated, package: "generated-part", features: &[] },
        peer("plain progenitor, positional", "plain-positional", InterfaceStyle::Positional),
        peer("plain progenitor, builder style", "plain-builder", InterfaceStyle::Builder),
        Peer {
            name: "ours, with setters and runtime",
            folder: sdk,
            package: "partner-ingestion-sdk",
            features: &["--no-default-features", "--features", "client"],
        },
    ];
    let builds = target.join("peers/target");
    let (mut checks, mut releases) = (vec![Vec::new(); peers.len()], vec![Vec::new(); peers.len()]);
    for round in 0..=ROUNDS {
        for (i, peer) in peers.iter().enumerate() {
            let times = [compile(peer, &["check"], &builds), compile(peer, &["build", "--release"], &builds)];
            // The first round builds the dependencies.
            if round > 0 {
                checks[i].push(times[0]);
                releases[i].push(times[1]);
            }
        }
    }
    let (checks, releases) = (checks.iter().map(median), releases.iter().map(median));
    let figures: Vec<_> = checks.zip(releases).collect();
    println!("\n| crate | check, as a multiple of positional | release build, as a multiple of ours |");
    println!("| --- | ---: | ---: |");
    for (peer, ((check, a), (release, b))) in peers.iter().zip(&figures) {
        let (check, release) = (check / figures[1].0.0, release / figures[0].1.0);
        println!("| {:<32} | {check:.2} (±{:.0} %) | {release:.2} (±{:.0} %) |", peer.name, a * 50.0, b * 50.0);
    }
}

/// Compiles only the crate, because its dependencies are already built.
fn compile(peer: &Peer, command: &[&str], builds: &Path) -> f64 {
    let lib = std::fs::File::options().append(true).open(peer.folder.join("src/lib.rs")).unwrap();
    lib.set_modified(std::time::SystemTime::now()).unwrap();
    let start = Instant::now();
    let status = Command::new("cargo")
        .args(command)
        .args(["--quiet", "--package", peer.package])
        .args(peer.features)
        .env("CARGO_TARGET_DIR", builds)
        .env("CARGO_INCREMENTAL", "0")
        .current_dir(&peer.folder)
        .status();
    assert!(status.unwrap().success());
    start.elapsed().as_secs_f64()
}

fn median(times: &Vec<f64>) -> (f64, f64) {
    let mut times = times.clone();
    times.sort_by(f64::total_cmp);
    let median = times[times.len() / 2];
    (median, (times[times.len() - 1] - times[0]) / median)
}

fn write_peer(folder: &Path, name: &str, document: &openapiv3::OpenAPI, style: InterfaceStyle) {
    let mut settings = GenerationSettings::default();
    settings.with_interface(style);
    let tokens = Generator::new(&settings).generate_tokens(document).unwrap();
    let code = prettyplease::unparse(&syn::parse2(tokens).unwrap());
    println!("{name}: {} lines", code.lines().filter(|l| !l.trim().is_empty() && !l.trim().starts_with("//")).count());
    std::fs::create_dir_all(folder.join("src")).unwrap();
    std::fs::write(folder.join("src/lib.rs"), format!("#![allow(warnings)]\n{code}")).unwrap();
    write_manifest(folder, name);
}

/// Types and progenitor's requests, with the hand-written types of their fields.
fn write_generated_part(folder: &Path, sdk: &Path) {
    const LIB: &str = "#![allow(warnings)]
        mod generated { pub mod enums; pub mod ids; pub mod requests; pub mod resources; pub mod types; pub mod unions; }
        mod model {
            pub mod id; pub mod open_enum; pub mod raw; pub mod resource; pub mod setters; pub mod union; pub mod value;
        }
        pub mod types {
            pub use crate::generated::{enums::*, ids::*, types::*, unions::*};
            pub use crate::model::{open_enum::UnknownValue, union::UnknownMember};
            pub use crate::model::value::{Decimal, DecimalError, Extra, ResourceType, Secret, Timestamp};
        }
        pub use generated::requests::Requests;
        pub use model::resource::{Page, Resource};";
    for part in ["generated", "model"] {
        copy(&sdk.join("src").join(part), &folder.join("src").join(part));
    }
    std::fs::write(folder.join("src/lib.rs"), LIB).unwrap();
    write_manifest(folder, "generated-part");
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let to = to.join(path.file_name().unwrap());
        if path.is_dir() { copy(&path, &to) } else { drop(std::fs::copy(&path, &to).unwrap()) }
    }
}

fn write_manifest(folder: &Path, name: &str) {
    let manifest = format!(
        "[workspace]\n[package]\nname = \"{name}\"\nversion = \"0.0.0\"\nedition = \"2024\"\n[dependencies]\n\
         bytes = \"1\"\nchrono = {{ version = \"0.4\", default-features = false, features = [\"std\", \"serde\"] }}\n\
         futures-core = \"0.3\"\nprogenitor-client = \"=0.15.1\"\n\
         reqwest = {{ version = \"0.13\", default-features = false, features = [\"json\", \"stream\", \"query\"] }}\n\
         serde = {{ version = \"1\", features = [\"derive\"] }}\n\
         serde_json = {{ version = \"1\", features = [\"raw_value\"] }}\nserde_path_to_error = \"0.1\"\ntypeid = \"1\"\n\
         uuid = {{ version = \"1\", features = [\"std\", \"serde\"] }}\n"
    );
    std::fs::write(folder.join("Cargo.toml"), manifest).unwrap();
}
