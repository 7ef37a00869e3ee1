//! The start of a sandbox.

use super::SandboxBuilder;
use crate::clock::Clock;
use crate::connection;
use crate::entra::TrustedKeys;
use crate::incident::Incident;
use crate::local::Local;
use crate::model::{Account, Model};
use crate::page::Page;
use crate::persist::{self, StateFile};
use crate::recorder::Recorder;
use crate::reset::Initial;
use crate::rules::Off;
use crate::sandbox::{Sandbox, start_incident};
use crate::server::{Host, State, lock};
use std::collections::BTreeSet;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex};
use tokio::runtime::Handle;

impl SandboxBuilder {
    /// Starts the sandbox on a loopback address, or on that of [`host`](Self::host).
    ///
    /// # Errors
    ///
    /// Returns an error if a port cannot be bound, or a file cannot be read. Returns [`InvalidInput`](io::ErrorKind::InvalidInput) if
    /// an option is invalid: a certificate, the id of a rule, a host that other machines can reach, or the content of a file.
    pub async fn start(self) -> io::Result<Sandbox> {
        let mut rules_off = if self.without_rules { Off::all() } else { Off::default() };
        for id in &self.rules_off {
            rules_off.add(id).map_err(invalid)?;
        }
        let network = self.network;
        let (service, address) = network.bind(network.port)?;
        let store = network.blob_port.map(|port| network.bind(port)).transpose()?;
        let origin = network.origin(address);
        let trusted_keys = TrustedKeys::new(&origin, &self.certificates).map_err(invalid)?;
        let account =
            Account { tenant: self.tenant, client_id: self.client_id, secret: self.client_secret, trusted_keys };
        let mut model = Model {
            clock: Clock::new(),
            account,
            origin: origin.clone(),
            store: store.as_ref().map_or_else(|| origin.clone(), |(_, blobs)| network.origin(*blobs)),
            front_door: None,
            token_lifetime: self.token_lifetime,
            processing_delay: self.processing_delay,
            page_size: self.page_size,
            incidents: BTreeSet::new(),
            late: Default::default(),
            rules_off,
            next_outcomes: Default::default(),
            tokens: Default::default(),
            issued_tokens: 0,
            submissions: 0,
            blobs: Default::default(),
            products: Default::default(),
            offer_ids: Default::default(),
            order: Vec::new(),
        };
        let kept = self.state_file.as_deref().filter(|file| file.exists());
        let kept = kept.map(|file| read(file).and_then(|text| restore(file, &text, &mut model))).transpose()?;
        let seed = self.seed.as_deref().map(read).transpose()?;
        let runtime = Handle::current();
        let state = Arc::new(State {
            model: Mutex::new(model),
            calls: Mutex::default(),
            call_count: Arc::default(),
            faults: Mutex::default(),
            expectations: Mutex::default(),
            panics: Mutex::default(),
            on_call: self.on_call,
            on_exchange: self.on_exchange,
            local: Local {
                control: self.control,
                page: self.page.then(|| Page::new(address.port())),
                names: network.names(address),
            },
            records_bodies: self.control || self.page || self.record.is_some(),
            has_one_port: store.is_none(),
            network,
            changes: Default::default(),
            initial: Initial { incidents: self.incidents, seed },
            recorder: self.record.as_deref().map(Recorder::new).transpose()?,
            state_file: self.state_file.map(|file| Mutex::new(StateFile::new(file))),
            runtime: runtime.clone(),
            servers: Mutex::default(),
        });
        let mut incidents = match (kept, self.seed) {
            (Some(kept), _) => kept,
            (None, Some(file)) => state.initial.add_seed(&state).map_err(|error| {
                invalid(format!("{} is neither a state file nor a recording: {error}", file.display()))
            })?,
            (None, None) => BTreeSet::new(),
        };
        incidents.extend(&state.initial.incidents);
        for incident in incidents {
            start_incident(&state, incident)?;
        }
        if state.state_file.is_some() {
            // An unusable file is reported now, and not after hours of work.
            state.save()?;
            lock(&state.servers).push(runtime.spawn(persist::save_regularly(state.clone())));
        }
        connection::start(&state, &runtime, service, Host::Service)?;
        if let Some((store, _)) = store {
            connection::start(&state, &runtime, store, Host::BlobStore)?;
        }
        Ok(Sandbox { origin, state })
    }
}

fn invalid(message: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, message)
}

/// Reads a file. The error names it.
fn read(file: &Path) -> io::Result<String> {
    let failed = |error: io::Error| io::Error::new(error.kind(), format!("cannot read {}: {error}", file.display()));
    std::fs::read_to_string(file).map_err(failed)
}

/// Restores a state file. Returns its incidents.
fn restore(file: &Path, text: &str, model: &mut Model) -> io::Result<BTreeSet<Incident>> {
    let incidents = persist::restore(model, text.as_bytes());
    incidents.map_err(|error| invalid(format!("{} is not a state file: {error}", file.display())))
}
