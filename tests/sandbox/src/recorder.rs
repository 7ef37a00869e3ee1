//! Writes every exchange to a file, as one line of JSON without secrets.

use crate::kept::Kept;
use crate::record::CallRecord;
use crate::redact::hide_signatures;
use crate::server::lock;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::sync::Mutex;

/// One exchange in a recording.
#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Line {
    /// By the clock of the sandbox, so that a replay waits as long.
    pub(crate) time: String,
    pub(crate) method: String,
    /// Path and query. The signature of an upload address is hidden.
    pub(crate) path: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) operation: Option<String>,
    pub(crate) status: u16,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) note: Option<String>,
    #[serde(default)]
    pub(crate) duration_milliseconds: f64,
    #[serde(default)]
    pub(crate) request: Half,
    #[serde(default)]
    pub(crate) response: Half,
}

/// The request or the response of a recorded exchange.
#[derive(Default, Deserialize, Serialize)]
pub(crate) struct Half {
    #[serde(default)]
    pub(crate) headers: serde_json::Map<String, Value>,
    /// JSON, a text, or a file as `{"base64": "…"}`.
    #[serde(default)]
    pub(crate) body: Value,
}

pub(crate) struct Recorder {
    file: Mutex<File>,
    error: Mutex<Option<String>>,
}

impl Recorder {
    /// Creates a file, or continues an existing one.
    pub(crate) fn new(path: &Path) -> io::Result<Self> {
        let file = File::options().create(true).append(true).open(path);
        let named =
            |error: io::Error| io::Error::new(error.kind(), format!("cannot record to {}: {error}", path.display()));
        Ok(Self { file: Mutex::new(file.map_err(named)?), error: Mutex::default() })
    }

    pub(crate) fn write(&self, time: String, call: &CallRecord, target: &str, kept: &Kept) {
        let line = Line {
            time,
            method: call.method.clone(),
            path: hide_signatures(target),
            operation: call.operation.clone(),
            status: call.status,
            note: call.note.clone(),
            duration_milliseconds: call.duration.as_secs_f64() * 1000.0,
            request: kept.request.to_half(),
            response: kept.response.to_half(),
        };
        let text = serde_json::to_string(&line).unwrap_or_default() + "\n";
        if let Err(error) = lock(&self.file).write_all(text.as_bytes()) {
            *lock(&self.error) = Some(format!("cannot record: {error}"));
        }
    }

    pub(crate) fn error(&self) -> Option<String> {
        lock(&self.error).clone()
    }
}
