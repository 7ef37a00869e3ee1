//! The HTML of the page and its parts, from the templates.

use super::{html, plain};
use crate::clock::timestamp;
use crate::contract;
use crate::incident::Incident;
use crate::kept::Message;
use crate::message::{Reply, Request};
use crate::record::Entry;
use crate::server::{BASE, State, below_base, lock};
use crate::service::overview::{self, Offer};
use crate::submission_outcome::SubmissionOutcome;
use askama::Template;
use http::StatusCode;
use serde_json::Value;

/// Maximum number of calls and offers on the page.
const MAX_CALLS: usize = 200;
const MAX_OFFERS: usize = 50;

#[derive(Template)]
#[template(path = "page.html")]
struct Whole {
    url: String,
    has_control: bool,
    filter: Filter,
    calls: String,
    offers: String,
    settings: String,
    outcomes: Vec<String>,
    operations: Vec<String>,
}

#[derive(Template)]
#[template(path = "calls.html")]
struct Calls {
    calls: Vec<Row>,
    /// Whether these are all calls, and not only new ones.
    is_whole: bool,
    is_filtered: bool,
}

struct Row {
    number: u64,
    class: String,
    status: String,
    method: String,
    path: String,
    operation: String,
    note: String,
    is_violation: bool,
    time: String,
    /// The time without the date.
    clock: String,
    duration: String,
}

#[derive(Template)]
#[template(path = "call.html")]
struct Call {
    is_page: bool,
    number: u64,
    method: String,
    path: String,
    operation: String,
    status: String,
    time: String,
    duration: String,
    request_id: String,
    note: String,
    is_violation: bool,
    halves: Vec<Half>,
    curl: String,
}

/// The request or the response.
struct Half {
    title: &'static str,
    headers: String,
    body: String,
}

#[derive(Template)]
#[template(path = "offers.html")]
struct Offers {
    offers: Vec<Offer>,
    total: usize,
}

#[derive(Template)]
#[template(path = "settings.html")]
struct Settings {
    time: String,
    outcomes: Vec<String>,
    faults: Vec<String>,
    incidents: Vec<IncidentState>,
}

struct IncidentState {
    name: String,
    is_active: bool,
}

/// What the visitor wants to see of the calls.
struct Filter {
    text: String,
    problems: bool,
}

impl Filter {
    fn of(request: &Request) -> Self {
        let text = request.query("q").unwrap_or_default().trim().to_owned();
        Self { text, problems: request.query("problems").is_some_and(|value| value == "1") }
    }

    fn is_empty(&self) -> bool {
        self.text.is_empty() && !self.problems
    }

    /// Returns true if the call has every word.
    fn includes(&self, entry: &Entry) -> bool {
        let call = &entry.call;
        let is_problem = call.is_violation || !(200..400).contains(&call.status);
        let operation = call.operation.as_deref().unwrap_or_default();
        let note = call.note.as_deref().unwrap_or_default();
        let all = format!("{} {} {} {operation} {note}", call.status, call.method, call.path).to_lowercase();
        (is_problem || !self.problems) && self.text.to_lowercase().split_whitespace().all(|word| all.contains(word))
    }
}

fn rendered(template: &impl Template) -> String {
    // Writing to a string does not fail.
    template.render().unwrap_or_default()
}

pub(super) fn page(state: &State, request: &Request, has_control: bool) -> Reply {
    let filter = Filter::of(request);
    let calls = rendered(&calls_of(state, &filter, None));
    let url = format!("{}{BASE}", lock(&state.model).origin);
    html(rendered(&Whole {
        url,
        has_control,
        calls,
        filter,
        offers: rendered(&offers_of(state)),
        settings: rendered(&settings_of(state)),
        outcomes: SubmissionOutcome::ALL.iter().map(ToString::to_string).collect(),
        operations: contract::operations(),
    }))
}

pub(super) fn calls(state: &State, request: &Request) -> Reply {
    let after = request.query("after").and_then(|number| number.parse().ok());
    html(rendered(&calls_of(state, &Filter::of(request), after)))
}

/// Returns the newest calls first: all, or those after a number.
fn calls_of(state: &State, filter: &Filter, after: Option<u64>) -> Calls {
    let log = lock(&state.calls);
    let entries = log.newest(after.unwrap_or_default()).filter(|entry| filter.includes(entry));
    let calls = entries.take(MAX_CALLS).map(row).collect();
    Calls { calls, is_whole: after.is_none(), is_filtered: !filter.is_empty() }
}

fn row(entry: &Entry) -> Row {
    let call = &entry.call;
    let class = match call.status {
        0 => "closed",
        status if status < 400 => "ok",
        _ => "error",
    };
    let time = timestamp(call.time);
    Row {
        number: entry.number,
        class: if call.is_violation { format!("{class} violation") } else { class.to_owned() },
        status: status(call.status),
        method: call.method.clone(),
        // The base path is the same in every call.
        path: below_base(&call.path).unwrap_or(&call.path).to_owned(),
        operation: call.operation.clone().unwrap_or_default(),
        note: call.note.clone().unwrap_or_default(),
        is_violation: call.is_violation,
        clock: time.get(11..19).unwrap_or_default().to_owned(),
        time,
        duration: duration(call.duration),
    }
}

fn status(status: u16) -> String {
    if status == 0 { "closed".to_owned() } else { status.to_string() }
}

fn duration(time: std::time::Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1000.0)
}

pub(super) fn call(state: &State, number: u64, is_fragment: bool) -> Reply {
    let entry = lock(&state.calls).newest(number.saturating_sub(1)).last().cloned();
    let Some(entry) = entry.filter(|entry| entry.number == number) else {
        return plain(StatusCode::NOT_FOUND, "The call is not in the log.");
    };
    let call = &entry.call;
    let half =
        |title, message: &Message| Half { title, headers: message.header_lines(), body: pretty(&message.body()) };
    let halves = entry.kept.iter().flat_map(|kept| [half("Request", &kept.request), half("Response", &kept.response)]);
    html(rendered(&Call {
        is_page: !is_fragment,
        number,
        method: call.method.clone(),
        path: call.path.clone(),
        operation: call.operation.clone().unwrap_or_default(),
        status: status(call.status),
        time: timestamp(call.time),
        duration: duration(call.duration),
        request_id: call.request_id.clone().unwrap_or_default(),
        note: call.note.clone().unwrap_or_default(),
        is_violation: call.is_violation,
        halves: halves.collect(),
        curl: entry.kept.as_ref().map(|kept| curl(&entry, &kept.request)).unwrap_or_default(),
    }))
}

/// Returns indented JSON, or a text unchanged.
fn pretty(body: &Value) -> String {
    match body {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => serde_json::to_string_pretty(other).unwrap_or_default(),
    }
}

/// Returns a command that sends the request again, with variables for the address and the token.
fn curl(entry: &Entry, request: &Message) -> String {
    let call = &entry.call;
    let quoted = |text: &str| format!("'{}'", text.replace('\'', r"'\''"));
    let address = match below_base(&call.path) {
        Some(path) => format!("\"$PARTNER_INGESTION_URL\"{}", quoted(path)),
        None => format!("\"$AZURE_AUTHORITY_HOST\"{}", quoted(&call.path)),
    };
    let mut command = format!("curl -X {} {address}", call.method);
    if request.header("authorization").is_some() {
        command += " \\\n  -H \"Authorization: Bearer $TOKEN\"";
    }
    for name in ["content-type", "if-match", "if-none-match", "client-request-id", "x-ms-blob-type"] {
        if let Some(value) = request.header(name) {
            command += &format!(" \\\n  -H {}", quoted(&format!("{name}: {value}")));
        }
    }
    let body = match request.body() {
        Value::Null => return command,
        Value::String(text) => text,
        other => other.to_string(),
    };
    command + &format!(" \\\n  --data-raw {}", quoted(&body))
}

pub(super) fn offers(state: &State) -> Reply {
    html(rendered(&offers_of(state)))
}

fn offers_of(state: &State) -> Offers {
    let mut model = lock(&state.model);
    Offers { total: model.products.len(), offers: overview::offers(&mut model, MAX_OFFERS) }
}

pub(super) fn settings(state: &State) -> Reply {
    html(rendered(&settings_of(state)))
}

fn settings_of(state: &State) -> Settings {
    let faults = lock(&state.faults).pending();
    let model = lock(&state.model);
    let incidents = Incident::ALL
        .map(|incident| IncidentState { name: incident.to_string(), is_active: model.incidents.contains(&incident) });
    Settings {
        time: timestamp(model.clock.wall())[..19].replace('T', " "),
        outcomes: model.next_outcomes.iter().map(ToString::to_string).collect(),
        faults,
        incidents: incidents.into(),
    }
}
