//! What a sandbox starts with, and the return to it.

use crate::incident::Incident;
use crate::persist;
use crate::sandbox::start_incident;
use crate::server::{State, lock};
use std::collections::BTreeSet;
use std::sync::Arc;

/// What a sandbox starts with.
#[derive(Default)]
pub(crate) struct Initial {
    pub(crate) incidents: BTreeSet<Incident>,
    /// A state file.
    pub(crate) seed: Option<Vec<u8>>,
}

/// Returns to the state at the start.
pub(crate) fn reset(state: &Arc<State>) {
    lock(&state.faults).clear();
    let mut incidents = state.initial.incidents.clone();
    {
        let mut model = lock(&state.model);
        model.clear();
        if let Some(seed) = &state.initial.seed {
            // It was read at the start.
            incidents.extend(persist::restore(&mut model, seed).unwrap_or_default());
        }
    }
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
