//! What a sandbox starts with, and the return to it.

use crate::incident::Incident;
use crate::persist;
use crate::replay;
use crate::sandbox::start_incident;
use crate::server::{State, lock};
use std::collections::BTreeSet;
use std::sync::Arc;

/// What a sandbox starts with.
#[derive(Default)]
pub(crate) struct Initial {
    pub(crate) incidents: BTreeSet<Incident>,
    /// A state file or a recording.
    pub(crate) seed: Option<String>,
}

impl Initial {
    /// Adds the resources of the seed. Returns the incidents to start.
    pub(crate) fn add_seed(&self, state: &Arc<State>) -> Result<BTreeSet<Incident>, String> {
        let Some(seed) = &self.seed else { return Ok(BTreeSet::new()) };
        if !replay::is_recording(seed) {
            return persist::restore(&mut lock(&state.model), seed.as_bytes());
        }
        let replay = replay::run(state, seed)?;
        match replay.differences.iter().find(|difference| difference.what.starts_with("status ")) {
            Some(difference) => Err(difference.to_string()),
            None => Ok(BTreeSet::new()),
        }
    }
}

/// Returns to the state at the start.
pub(crate) fn reset(state: &Arc<State>) {
    lock(&state.faults).clear();
    let mut incidents = state.initial.incidents.clone();
    lock(&state.model).clear();
    // It was valid at the start.
    incidents.extend(state.initial.add_seed(state).unwrap_or_default());
    for incident in incidents {
        // The server of the incident was started before.
        let _ = start_incident(state, incident);
    }
    lock(&state.calls).clear();
    state.changes.reset();
}

/// Replaces the resources, files and incidents by those of a state file.
pub(crate) fn seed(state: &Arc<State>, text: &[u8]) -> Result<(), String> {
    let incidents = {
        let mut model = lock(&state.model);
        let incidents = persist::restore(&mut model, text)?;
        model.incidents.clear();
        incidents
    };
    for incident in incidents {
        start_incident(state, incident).map_err(|error| error.to_string())?;
    }
    Ok(())
}
