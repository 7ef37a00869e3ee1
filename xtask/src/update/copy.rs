//! A copy of the project for trying a new document, or other versions of dependencies.

use anyhow::{Context, Result};
use std::path::{Path, PathBuf};
use toml_edit::{DocumentMut, value};

/// Folders that are not copied: build output and separate workspaces.
const LEFT_OUT: [&str; 5] = ["target", ".git", "node_modules", "bench", "fuzz"];

/// Copies the project to this folder below its `target` and replaces an earlier copy. Unchanged files keep their modification time, so
/// that cargo does not rebuild them.
pub fn of(root: &Path, name: &str) -> Result<PathBuf> {
    let copy = root.join("target").join(name);
    let mut wanted = Vec::new();
    files(root, Path::new(""), &mut wanted)?;
    for path in &wanted {
        let (from, to) = (root.join(path), copy.join(path));
        let bytes = std::fs::read(&from).with_context(|| format!("cannot read {}", from.display()))?;
        if std::fs::read(&to).is_ok_and(|there| there == bytes) {
            continue;
        }
        if let Some(folder) = to.parent() {
            std::fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
        }
        std::fs::write(&to, bytes).with_context(|| format!("cannot write {}", to.display()))?;
    }
    let mut there = Vec::new();
    files(&copy, Path::new(""), &mut there)?;
    for path in there.iter().filter(|path| !wanted.contains(path)) {
        std::fs::remove_file(copy.join(path)).with_context(|| format!("cannot remove {}", path.display()))?;
    }
    Ok(copy)
}

fn files(root: &Path, folder: &Path, found: &mut Vec<PathBuf>) -> Result<()> {
    let entries = std::fs::read_dir(root.join(folder));
    for entry in entries.with_context(|| format!("cannot read {}", root.join(folder).display()))? {
        let entry = entry?;
        let name = entry.file_name();
        let kind = entry.file_type()?;
        if kind.is_dir() && !LEFT_OUT.iter().any(|left_out| name == *left_out) {
            files(root, &folder.join(&name), found)?;
        } else if kind.is_file() {
            found.push(folder.join(&name));
        }
    }
    Ok(())
}

/// Prepares the copy to be built in the project's target folder. Its members get another number of codegen units, so that cargo shares
/// only the build results of dependencies.
///
/// Cargo identifies a member by its path within the workspace, which is the same in both, and compares only modification times. It
/// would reuse build results of the project for the copy otherwise.
pub fn build_apart(copy: &Path) -> Result<()> {
    /// A value that no profile of the project uses.
    const CODEGEN_UNITS: i64 = 255;
    let manifest = copy.join("Cargo.toml");
    let Ok(text) = std::fs::read_to_string(&manifest) else {
        // Cargo reports the error.
        return Ok(());
    };
    let mut table: DocumentMut = text.parse().with_context(|| format!("{} is invalid", manifest.display()))?;
    let members = table["workspace"]["members"].as_array().into_iter().flatten();
    let members: Vec<String> = members.filter_map(|member| member.as_str().map(str::to_owned)).collect();
    for member in members {
        let manifest = copy.join(member).join("Cargo.toml");
        let text = std::fs::read_to_string(&manifest).with_context(|| format!("cannot read {}", manifest.display()))?;
        let member: DocumentMut = text.parse().with_context(|| format!("{} is invalid", manifest.display()))?;
        let name = member["package"]["name"].as_str().with_context(|| format!("{} has no name", manifest.display()))?;
        table["profile"]["dev"]["package"][name]["codegen-units"] = value(CODEGEN_UNITS);
    }
    std::fs::write(&manifest, table.to_string()).with_context(|| format!("cannot write {}", manifest.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::cargo_build;

    fn write(root: &Path, files: [(&str, &str); 5]) {
        for (path, text) in files {
            std::fs::create_dir_all(root.join(path).parent().unwrap()).unwrap();
            std::fs::write(root.join(path), text).unwrap();
        }
    }

    /// A library and a program that uses it.
    fn workspace(root: &Path, library: &str, program: &str) {
        let member = |name: &str| format!("[package]\nname = \"{name}\"\nversion = \"0.0.0\"\nedition = \"2024\"\n");
        let user = member("user") + "[dependencies]\nlibrary = { path = \"../library\" }\n";
        let manifest = "[workspace]\nresolver = \"3\"\nmembers = [\"library\", \"user\"]\n";
        write(
            root,
            [
                ("Cargo.toml", manifest),
                ("library/Cargo.toml", &member("library")),
                ("library/src/lib.rs", library),
                ("user/Cargo.toml", &user),
                ("user/src/main.rs", program),
            ],
        );
    }

    #[test]
    fn copy_in_the_same_target_folder_is_built_from_its_own_sources() {
        let folder = tempfile::tempdir().unwrap();
        let (project, copy) = (folder.path().join("project"), folder.path().join("copy"));
        // Created first, so that its files are older than the build results of the project.
        workspace(&copy, "pub const NEW: u8 = 1;", "fn main() { assert_eq!(library::NEW, 1); }");
        workspace(&project, "pub const OLD: u8 = 1;", "fn main() { assert_eq!(library::OLD, 1); }");
        let target = folder.path().join("target").to_string_lossy().into_owned();
        let env = [("CARGO_TARGET_DIR", target.as_str())];
        build_apart(&copy).unwrap();
        for root in [&project, &copy, &project] {
            cargo_build(root, &["check", "--offline"], &env, |_| {}).unwrap();
        }
    }
}
