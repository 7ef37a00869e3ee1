//! Writes changed files and removes stale ones; `--check` compares without changing files.

use anyhow::{Context, Result, bail};
use similar::TextDiff;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// Every file that `generate` writes, relative to the project's root.
#[derive(Debug, Default)]
pub struct Files(BTreeMap<PathBuf, String>);

/// Folders that contain only generated files. Any other file in them is stale.
const OWNED: [&str; 3] =
    ["partner-ingestion-sdk/src/generated", "tests/sandbox/src/generated", "tests/suite/src/generated"];

/// The JSON Schema of an offer as a file.
pub const SCHEMA: &str = "partner-ingestion-sdk/offer-manifest.schema.json";

/// Maximum number of printed lines of a difference.
const DIFF_LINES: usize = 12;

pub struct Written {
    pub changed: Vec<PathBuf>,
    pub removed: Vec<PathBuf>,
    pub total: usize,
}

impl Files {
    pub fn add(&mut self, path: &str, text: String) {
        self.0.insert(PathBuf::from(path), text);
    }

    /// Adds a file with its content below this folder.
    pub fn add_file(&mut self, root: &Path, path: &str) -> Result<()> {
        let text = read(&root.join(path))?.with_context(|| format!("{path} is missing"))?;
        self.add(path, text);
        Ok(())
    }

    /// Returns the files that differ from the disk or do not exist.
    pub fn differing(&self, root: &Path) -> Result<Vec<&Path>> {
        let mut differing = Vec::new();
        for (path, text) in &self.0 {
            if read(&root.join(path))?.as_deref() != Some(text) {
                differing.push(path.as_path());
            }
        }
        Ok(differing)
    }

    /// Adds Rust source below the banner and the documentation of its module.
    pub fn add_rust(&mut self, path: &str, banner: &str, docs: &str, code: &str) {
        let docs: String = docs.lines().map(|line| format!("//! {line}").trim_end().to_owned() + "\n").collect();
        self.add(path, format!("{banner}{docs}\n{}\n", code.trim()));
    }

    /// Writes all files under temporary names first and then renames them, so that a failed write changes no file.
    pub fn write(&self, root: &Path) -> Result<Written> {
        let mut written = Written { changed: Vec::new(), removed: Vec::new(), total: self.0.len() };
        let mut beside = Vec::new();
        let outcome = self.write_beside(root, &mut beside, &mut written);
        if outcome.is_err() {
            // A partial file that cannot be removed is overwritten by the next run.
            beside.iter().for_each(|(partial, _)| drop(std::fs::remove_file(partial)));
        }
        outcome?;
        for (partial, file) in beside {
            std::fs::rename(&partial, &file).with_context(|| format!("cannot write {}", file.display()))?;
        }
        for path in self.extra(root)? {
            std::fs::remove_file(root.join(&path)).with_context(|| format!("cannot remove {}", path.display()))?;
            written.removed.push(path);
        }
        Ok(written)
    }

    fn write_beside(&self, root: &Path, beside: &mut Vec<(PathBuf, PathBuf)>, written: &mut Written) -> Result<()> {
        for (path, text) in &self.0 {
            let file = root.join(path);
            if read(&file)?.as_deref() == Some(text) {
                continue;
            }
            if let Some(folder) = file.parent() {
                std::fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
            }
            // Two files may differ in the extension only.
            let mut partial = file.clone().into_os_string();
            partial.push(".partial");
            let partial = PathBuf::from(partial);
            beside.push((partial.clone(), file));
            std::fs::write(&partial, text).with_context(|| format!("cannot write {}", partial.display()))?;
            written.changed.push(path.clone());
        }
        Ok(())
    }

    /// Adds every file that `generate` reads or writes, with its content below this folder.
    pub fn add_all(&mut self, root: &Path) -> Result<()> {
        let mut folders: Vec<PathBuf> = OWNED.iter().chain(&["openapi"]).map(PathBuf::from).collect();
        while let Some(folder) = folders.pop() {
            // A project of another document has no tests of this one.
            let entries = match std::fs::read_dir(root.join(&folder)) {
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
                entries => entries,
            };
            for entry in entries.with_context(|| format!("cannot read {}", folder.display()))? {
                let entry = entry?;
                let path = folder.join(entry.file_name());
                if entry.file_type()?.is_dir() {
                    folders.push(path);
                } else if let Some(text) = read(&root.join(&path))? {
                    self.0.insert(path, text);
                }
            }
        }
        if let Some(text) = read(&root.join(SCHEMA))? {
            self.add(SCHEMA, text);
        }
        Ok(())
    }

    /// Returns an error that names every stale, missing and extra file, with the start of each difference.
    pub fn check(&self, root: &Path, command: &str) -> Result<usize> {
        let mut report = String::new();
        for (path, text) in &self.0 {
            match read(&root.join(path))? {
                None => {
                    let _ = write!(report, "\n  missing: {}", path.display());
                }
                // CRLF line endings are accepted.
                Some(found) if found.replace("\r\n", "\n") != *text => {
                    let _ =
                        write!(report, "\n  stale:   {}{}", path.display(), diff(&found.replace("\r\n", "\n"), text));
                }
                Some(_) => {}
            }
        }
        for path in self.extra(root)? {
            let _ = write!(report, "\n  extra:   {}", path.display());
        }
        if !report.is_empty() {
            bail!("the generated files are out of date:{report}\nrun `{command}`");
        }
        Ok(self.0.len())
    }

    fn extra(&self, root: &Path) -> Result<Vec<PathBuf>> {
        let mut extra = Vec::new();
        for folder in OWNED {
            let mut folders = vec![PathBuf::from(folder)];
            while let Some(folder) = folders.pop() {
                let Ok(entries) = std::fs::read_dir(root.join(&folder)) else {
                    continue;
                };
                for entry in entries {
                    let entry = entry?;
                    let path = folder.join(entry.file_name());
                    match entry.file_type()?.is_dir() {
                        true => folders.push(path),
                        false if !self.0.contains_key(&path) => extra.push(path),
                        false => {}
                    }
                }
            }
        }
        extra.sort();
        Ok(extra)
    }
}

fn read(path: &Path) -> Result<Option<String>> {
    match std::fs::read(path) {
        Ok(bytes) => Ok(Some(String::from_utf8_lossy(&bytes).into_owned())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
    }
}

fn diff(found: &str, wanted: &str) -> String {
    let diff = TextDiff::from_lines(found, wanted);
    let text = diff.unified_diff().context_radius(0).to_string();
    let mut out = String::new();
    for line in text.lines().take(DIFF_LINES) {
        let cut: String = line.chars().take(160).collect();
        let _ = write!(out, "\n    {cut}");
    }
    let rest = text.lines().count().saturating_sub(DIFF_LINES);
    if rest > 0 {
        let _ = write!(out, "\n    (and {rest} more lines)");
    }
    out
}
