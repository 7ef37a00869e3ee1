//! What a scripted Entra ID answers, and when.

use super::{http, lock};
use std::net::TcpStream;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

/// One answer of the script.
#[derive(Clone, Debug)]
pub struct Reply {
    kind: Kind,
    headers: Vec<(String, String)>,
    delay: Duration,
    gate: Option<Gate>,
    torn: bool,
    drip: Option<Duration>,
}

#[derive(Clone, Debug)]
enum Kind {
    Token { token: String, expires_in: u64, refresh_in: Option<u64> },
    Body { status: u16, body: Vec<u8> },
    Cut,
}

impl Reply {
    fn new(kind: Kind) -> Self {
        Self { kind, headers: Vec::new(), delay: Duration::ZERO, gate: None, torn: false, drip: None }
    }

    /// A token that lives an hour, in the form of the endpoint that was asked.
    pub fn token(token: impl Into<String>) -> Self {
        Self::new(Kind::Token { token: token.into(), expires_in: 3600, refresh_in: None })
    }

    /// The lifetime of a token, in seconds.
    #[must_use]
    pub fn expires_in(mut self, seconds: u64) -> Self {
        if let Kind::Token { expires_in, .. } = &mut self.kind {
            *expires_in = seconds;
        }
        self
    }

    /// The seconds after which a token is to be renewed.
    #[must_use]
    pub fn refresh_in(mut self, seconds: u64) -> Self {
        if let Kind::Token { refresh_in, .. } = &mut self.kind {
            *refresh_in = Some(seconds);
        }
        self
    }

    /// An empty body with this status.
    pub fn status(status: u16) -> Self {
        Self::body(status, "")
    }

    /// Any body.
    pub fn body(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self::new(Kind::Body { status, body: body.into() })
    }

    /// A refusal as Entra ID writes it.
    pub fn refusal(status: u16, error: &str, code: u32) -> Self {
        let body = serde_json::json!({
            "error": error,
            "error_description": format!("AADSTS{code}: refused.\r\nTrace ID: 00000000-0000-0000-0000-00000000000a"),
            "error_codes": [code],
            "trace_id": "00000000-0000-0000-0000-00000000000a",
            "correlation_id": "00000000-0000-0000-0000-00000000000b",
        });
        Self::body(status, body.to_string()).header("Content-Type", "application/json; charset=utf-8")
    }

    /// The connection ends without an answer.
    pub fn cut() -> Self {
        Self::new(Kind::Cut)
    }

    /// Another header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Answers only after this (real) time.
    #[must_use]
    pub fn after(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// Answers only when the gate is open.
    #[must_use]
    pub fn behind(mut self, gate: &Gate) -> Self {
        self.gate = Some(gate.clone());
        self
    }

    /// The connection ends in the middle of the body.
    #[must_use]
    pub fn torn(mut self) -> Self {
        self.torn = true;
        self
    }

    /// The body comes byte by byte, with this (real) time between them.
    #[must_use]
    pub fn drip(mut self, pause: Duration) -> Self {
        self.drip = Some(pause);
        self
    }

    /// Whether the connection goes on.
    pub(super) fn send(&self, stream: &mut TcpStream, v2: bool) -> bool {
        std::thread::sleep(self.delay);
        if let Some(gate) = &self.gate {
            gate.wait();
        }
        let (status, body) = match &self.kind {
            Kind::Cut => return false,
            Kind::Body { status, body } => (*status, body.clone()),
            Kind::Token { token, expires_in, refresh_in } => (200, token_body(token, *expires_in, *refresh_in, v2)),
        };
        http::write(stream, status, &self.headers, &body, self.torn, self.drip).is_ok() && !self.torn
    }
}

/// The v1 endpoint writes numbers as text, the v2 endpoint as numbers.
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

/// Holds answers back until it is opened. Clones are the same gate.
#[derive(Clone, Debug, Default)]
pub struct Gate(Arc<(Mutex<bool>, Condvar)>);

impl Gate {
    /// A closed gate.
    pub fn new() -> Self {
        Self::default()
    }

    /// Lets everything through, for ever.
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
