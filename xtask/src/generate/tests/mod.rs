//! Tests of `generate` in a temporary copy of the project's inputs.

mod check;
pub(crate) mod compiler;
mod corrections;
mod docs;
mod document;
pub(crate) mod inlined;
mod inputs;
mod messages;
mod mistakes;
mod mutation;
mod openapi31;
mod other_api;
mod rules;
mod swagger2;
mod tools;

use super::{Options, run};
use crate::report::Report;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use tempfile::TempDir;

/// The overlay with the project's descriptions.
pub const DOCS: &str = "openapi/overlays/docs.overlay.yaml";

/// A temporary project with the committed inputs.
pub struct Project {
    dir: TempDir,
}

impl Project {
    /// Creates a project with the inputs, but without the descriptions. Generating is faster without them.
    pub fn new() -> Self {
        let project = Self::documented();
        std::fs::remove_file(project.path(DOCS)).unwrap();
        project
    }

    /// Creates a project with all inputs.
    pub fn documented() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("openapi");
        let target = dir.path().join("openapi");
        std::fs::create_dir_all(target.join("overlays")).unwrap();
        for name in ["partner-ingestion.json", "names.toml", "source.toml", "manifest.toml"] {
            std::fs::copy(source.join(name), target.join(name)).unwrap();
        }
        for entry in std::fs::read_dir(source.join("overlays")).unwrap() {
            let path = entry.unwrap().path();
            std::fs::copy(&path, target.join("overlays").join(path.file_name().unwrap())).unwrap();
        }
        Self { dir }
    }

    /// Creates a project with all generated files.
    pub fn generated() -> Self {
        /// Generated once for all tests.
        static TREE: LazyLock<Vec<(PathBuf, String)>> = LazyLock::new(|| {
            let project = Project::new();
            project.run(|_| {}).unwrap();
            project.tree()
        });
        let project = Self { dir: tempfile::tempdir().unwrap() };
        TREE.iter().for_each(|(path, text)| project.write(&path.to_string_lossy(), text));
        project
    }

    pub fn root(&self) -> &Path {
        self.dir.path()
    }

    /// Returns the files generated from the committed document, once for all tests.
    pub fn plain() -> &'static [(PathBuf, String)] {
        static FILES: LazyLock<Vec<(PathBuf, String)>> = LazyLock::new(|| {
            let project = Project::new();
            project.other_document(project.read("openapi/partner-ingestion.json")).unwrap()
        });
        &FILES
    }

    /// Returns the committed document with a change.
    pub fn changed(&self, change: impl FnOnce(&mut Value)) -> String {
        let mut document = serde_json::from_str(&self.read("openapi/partner-ingestion.json")).unwrap();
        change(&mut document);
        document.to_string()
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        std::fs::create_dir_all(self.path(name).parent().unwrap()).unwrap();
        std::fs::write(self.path(name), bytes).unwrap();
    }

    /// Replaces text in a file. Panics if the file does not contain it.
    pub fn replace(&self, name: &str, from: &str, to: &str) {
        let text = self.read(name);
        assert!(text.contains(from), "{from:?} is not in {name}");
        self.write(name, text.replacen(from, to, 1));
    }

    /// Runs `generate` with options set by `f`. Returns the error as text.
    pub fn run(&self, f: impl FnOnce(&mut Options)) -> Result<(), String> {
        let mut options = Options { root: self.dir.path().to_owned(), ..Options::default() };
        f(&mut options);
        run(&options, &Report::quiet()).map_err(|error| anstream::adapter::strip_str(&format!("{error:#}")).to_string())
    }

    pub fn check(&self) -> Result<(), String> {
        self.run(|options| options.check = true)
    }

    /// Generates from another document into another folder and returns the generated files.
    pub fn other_document(&self, bytes: impl AsRef<[u8]>) -> Result<Vec<(PathBuf, String)>, String> {
        self.write("other.json", bytes);
        let out = self.path("out");
        self.run(|options| {
            options.document = Some(self.path("other.json"));
            options.out = Some(out.clone());
        })?;
        Ok(files(&out))
    }

    /// Returns the files of the project with their content.
    pub fn tree(&self) -> Vec<(PathBuf, String)> {
        files(self.dir.path())
    }
}

/// Returns the schema whose full name has this suffix.
pub fn schema<'d>(document: &'d mut Value, name: &str) -> &'d mut Value {
    let schemas = document["components"]["schemas"].as_object_mut().unwrap();
    schemas.iter_mut().find(|(full, _)| full.ends_with(name)).unwrap().1
}

/// Returns all files below a folder, by name.
pub fn files(root: &Path) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let text = String::from_utf8_lossy(&std::fs::read(&path).unwrap()).into_owned();
                found.push((path.strip_prefix(root).unwrap().to_owned(), text));
            }
        }
    }
    found.sort();
    found
}
