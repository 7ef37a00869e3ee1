//! The scripted replies of the fake Entra ID.

use super::{http, lock};
use std::net::TcpStream;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

/// One reply of a [`FakeEntra`](super::FakeEntra).
#[derive(Clone, Debug)]
pub struct Reply {
    kind: Kind,
    headers: Vec<(String, String)>,
    delay: Duration,
    gate: Option<Gate>,
    truncate_body: bool,
    byte_delay: Option<Duration>,
}

#[derive(Clone, Debug)]
enum Kind {
    Token { token: String, expires_in: u64, refresh_in: Option<u64> },
    Body { status: u16, body: Vec<u8> },
    DropResponse,
}

impl Reply {
    fn new(kind: Kind) -> Self {
        Self { kind, headers: Vec::new(), delay: Duration::ZERO, gate: None, truncate_body: false, byte_delay: None }
    }

    /// Creates a reply with a token. Its lifetime is one hour, and its format that of the requested endpoint.
    pub fn token(token: impl Into<String>) -> Self {
        Self::new(Kind::Token { token: token.into(), expires_in: 3600, refresh_in: None })
    }

    /// Sets the lifetime of the token in seconds. Default: 3600.
    #[must_use]
    pub fn expires_in(mut self, seconds: u64) -> Self {
        if let Kind::Token { expires_in, .. } = &mut self.kind {
            *expires_in = seconds;
        }
        self
    }

    /// Sets `refresh_in` in seconds. Default: the field is absent.
    #[must_use]
    pub fn refresh_in(mut self, seconds: u64) -> Self {
        if let Kind::Token { refresh_in, .. } = &mut self.kind {
            *refresh_in = Some(seconds);
        }
        self
    }

    /// Creates a reply with this status and an empty body.
    pub fn status(status: u16) -> Self {
        Self::body(status, "")
    }

    /// Creates a reply with this status and body.
    pub fn body(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self::new(Kind::Body { status, body: body.into() })
    }

    /// Creates an error reply in Entra ID's format, with the OAuth error and an AADSTS code.
    pub fn oauth_error(status: u16, error: &str, code: u32) -> Self {
        let body = serde_json::json!({
            "error": error,
            "error_description": format!("AADSTS{code}: rejected.\r\nTrace ID: 00000000-0000-0000-0000-00000000000a"),
            "error_codes": [code],
            "trace_id": "00000000-0000-0000-0000-00000000000a",
            "correlation_id": "00000000-0000-0000-0000-00000000000b",
        });
        Self::body(status, body.to_string()).header("Content-Type", "application/json; charset=utf-8")
    }

    /// Creates a reply that closes the connection without sending a response.
    pub fn drop_response() -> Self {
        Self::new(Kind::DropResponse)
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Delays the reply by this real time. Default: no delay.
    #[must_use]
    pub fn delay(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// Holds the reply until the gate is open.
    #[must_use]
    pub fn wait_for_gate(mut self, gate: &Gate) -> Self {
        self.gate = Some(gate.clone());
        self
    }

    /// Closes the connection in the middle of the body.
    #[must_use]
    pub fn truncate_body(mut self) -> Self {
        self.truncate_body = true;
        self
    }

    /// Sends the body byte by byte, with this real time between two bytes.
    #[must_use]
    pub fn byte_delay(mut self, delay: Duration) -> Self {
        self.byte_delay = Some(delay);
        self
    }

    /// Sends the reply. Returns true if the connection stays open.
    pub(super) fn send(&self, stream: &mut TcpStream, v2: bool) -> bool {
        std::thread::sleep(self.delay);
        if let Some(gate) = &self.gate {
            gate.wait();
        }
        let (status, body) = match &self.kind {
            Kind::DropResponse => return false,
            Kind::Body { status, body } => (*status, body.clone()),
            Kind::Token { token, expires_in, refresh_in } => (200, token_body(token, *expires_in, *refresh_in, v2)),
        };
        http::write(stream, status, &self.headers, &body, self.truncate_body, self.byte_delay).is_ok()
            && !self.truncate_body
    }
}

/// The v1 endpoint writes numbers as strings, the v2 endpoint as numbers.
fn token_body(token: &str, expires_in: u64, refresh_in: Option<u64>, v2: bool) -> Vec<u8> {
    let number = |n: u64| {
        if v2 { serde_json::json!(n) } else { serde_json::json!(n.to_string()) }
    };
    let mut body = serde_json::json!({
        "token_type": "Bearer",
        "expires_in": number(expires_in),
        "ext_expires_in": number(expires_in),
        "access_token": token,
    });
    if let Some(seconds) = refresh_in {
        body["refresh_in"] = number(seconds);
    }
    body.to_string().into_bytes()
}

/// A gate that holds replies until it is opened. Clones share the same state.
#[derive(Clone, Debug, Default)]
pub struct Gate(Arc<(Mutex<bool>, Condvar)>);

impl Gate {
    /// Creates a closed gate.
    pub fn new() -> Self {
        Self::default()
    }

    /// Opens the gate permanently.
    pub fn open(&self) {
        *lock(&self.0.0) = true;
        self.0.1.notify_all();
    }

    fn wait(&self) {
        let mut open = lock(&self.0.0);
        while !*open {
            open = self.0.1.wait(open).unwrap_or_else(PoisonError::into_inner);
        }
    }
}
