//! The state file: the resources, files and settings of a sandbox as JSON.

use crate::blob::Blob;
use crate::changes;
use crate::clock::{Moment, SavedClock};
use crate::incident::Incident;
use crate::model::{Model, Product, offer_id};
use crate::server::{State, lock};
use crate::submission_outcome::SubmissionOutcome;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

/// The version of the format.
const FORMAT: u32 = 1;
/// The interval between two checks for changes to save.
const INTERVAL: Duration = Duration::from_secs(2);

/// Everything that is saved. Tokens, faults and the call log are not.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Saved<'m> {
    format: u32,
    clock: SavedClock,
    incidents: BTreeSet<Incident>,
    late: Cow<'m, HashMap<String, Moment>>,
    next_outcomes: Cow<'m, VecDeque<SubmissionOutcome>>,
    submissions: u64,
    order: Cow<'m, [String]>,
    blobs: Cow<'m, HashMap<String, Blob>>,
    products: Cow<'m, BTreeMap<String, Product>>,
}

/// Returns the saved form of the state.
pub(crate) fn save(model: &Model) -> serde_json::Result<Vec<u8>> {
    serde_json::to_vec(&Saved {
        format: FORMAT,
        clock: model.clock.save(),
        incidents: model.incidents.clone(),
        late: Cow::Borrowed(&model.late),
        next_outcomes: Cow::Borrowed(&model.next_outcomes),
        submissions: model.submissions,
        order: Cow::Borrowed(&model.order),
        blobs: Cow::Borrowed(&model.blobs),
        products: Cow::Borrowed(&model.products),
    })
}

/// Replaces the state by a saved one. Returns the incidents to start.
pub(crate) fn restore(model: &mut Model, text: &[u8]) -> Result<BTreeSet<Incident>, String> {
    #[derive(Deserialize)]
    struct Header {
        format: u32,
    }
    let header: Header = serde_json::from_slice(text).map_err(|error| error.to_string())?;
    if header.format != FORMAT {
        return Err(format!("format {} is not supported; this version reads format {FORMAT}", header.format));
    }
    let saved: Saved<'static> = serde_json::from_slice(text).map_err(|error| error.to_string())?;
    model.clock.restore(&saved.clock);
    model.late = saved.late.into_owned();
    model.next_outcomes = saved.next_outcomes.into_owned();
    model.submissions = saved.submissions;
    model.order = saved.order.into_owned();
    model.blobs = saved.blobs.into_owned();
    model.products = saved.products.into_owned();
    model.offer_ids =
        model.products.values().filter_map(|product| offer_id(&product.body)).map(str::to_owned).collect();
    Ok(saved.incidents)
}

/// Creates a file that other users cannot read: it has signatures of upload addresses.
fn private(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Replaces a file, so that a reader finds either the old or the new content, even after a power failure.
pub(crate) fn write_atomically(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    // Always the same name, so that crashes leave one file at most.
    name.push(".tmp");
    let temporary = path.with_file_name(name);
    let mut file = private(&temporary)?;
    let written = file.write_all(content).and_then(|()| file.sync_all());
    drop(file);
    if let Err(error) = written.and_then(|()| fs::rename(&temporary, path)) {
        // The error of writing is more useful than one of removing.
        let _ = fs::remove_file(&temporary);
        return Err(error);
    }
    // The new name is durable when its folder is.
    #[cfg(unix)]
    if let Some(folder) = path.parent() {
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}

/// The file that keeps the state of a sandbox.
pub(crate) struct StateFile {
    path: PathBuf,
    /// The version that was saved last.
    saved: u64,
    /// Why the last attempt to save failed.
    pub(crate) error: Option<String>,
}

impl StateFile {
    pub(crate) fn new(path: PathBuf) -> Self {
        Self { path, saved: 0, error: None }
    }

    /// Saves the state if it changed.
    pub(crate) fn save_changes(&mut self, state: &State) -> io::Result<()> {
        let version = state.changes.now().account;
        if version == self.saved && self.error.is_none() && self.path.exists() {
            return Ok(());
        }
        let content = save(&lock(&state.model)).map_err(io::Error::from);
        let written = content.and_then(|content| write_atomically(&self.path, &content));
        self.error = written.as_ref().err().map(|error| format!("cannot save {}: {error}", self.path.display()));
        if written.is_ok() {
            self.saved = version;
        }
        written
    }
}

/// Saves changes until the sandbox is stopped or dropped.
pub(crate) async fn save_regularly(state: Arc<State>) {
    let mut stopped = pin!(changes::stopped(state.changes.subscribe()));
    while tokio::time::timeout(INTERVAL, stopped.as_mut()).await.is_err() {
        let state = state.clone();
        // Writing blocks.
        let _ = tokio::task::spawn_blocking(move || state.save()).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_replaced_and_leave_nothing_behind() {
        let folder = std::env::temp_dir().join(format!("partner-sandbox-{}", crate::message::guid()));
        fs::create_dir(&folder).unwrap();
        let file = folder.join("state.json");
        for content in [&b"one"[..], b"two"] {
            write_atomically(&file, content).unwrap();
            assert_eq!(fs::read(&file).unwrap(), content);
        }
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
        #[cfg(unix)]
        assert_eq!(std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&file).unwrap().permissions()) & 0o777, 0o600);
        assert!(write_atomically(&folder, b"a folder").is_err());
        fs::remove_dir_all(&folder).unwrap();
        assert!(write_atomically(&file, b"no folder").is_err());
    }
}
