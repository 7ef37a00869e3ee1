//! A copy of the project for trying a new document.

use anyhow::{Context, Result};
use std::path::{Path, PathBuf};

/// Output of builds and tools, and separate workspaces.
const LEFT_OUT: [&str; 5] = ["target", ".git", "node_modules", "bench", "fuzz"];

/// Copies the project to this folder below its `target`, in place of an earlier copy. Files that are the same keep their time, so
/// that cargo does not build them again.
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
