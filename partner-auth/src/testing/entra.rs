//! A fake token endpoint with scripted replies.

use super::reply::Reply;
use super::{http, lock};
use crate::Authority;
use reqwest::Url;
use std::collections::VecDeque;
use std::fmt;
use std::io::{self, BufReader};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

/// A fake token endpoint on a free loopback port. It stops when it is dropped.
///
/// It sends the scripted replies in order. When the script is empty, request number `N` gets the token `token-N` with a lifetime
/// of one hour, unless [`default_reply`](Self::default_reply) was called.
pub struct FakeEntra {
    state: Arc<State>,
    address: SocketAddr,
}

#[derive(Default)]
struct State {
    script: Mutex<VecDeque<Reply>>,
    default_reply: Mutex<Option<Reply>>,
    received: Mutex<Vec<ReceivedRequest>>,
    stopped: AtomicBool,
}

impl FakeEntra {
    /// Starts the endpoint.
    ///
    /// # Errors
    ///
    /// Returns an error if no port can be bound.
    pub fn start() -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let address = listener.local_addr()?;
        let state = Arc::new(State::default());
        let shared = state.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                if shared.stopped.load(Ordering::Acquire) {
                    return;
                }
                if let Ok(stream) = stream {
                    let shared = shared.clone();
                    std::thread::spawn(move || shared.serve(stream));
                }
            }
        });
        Ok(Self { state, address })
    }

    /// Returns the authority, for [`TokenSourceBuilder::authority`](crate::TokenSourceBuilder::authority).
    pub fn authority(&self) -> Authority {
        Authority::at(self.address)
    }

    /// Returns the URL as text, for other libraries.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Returns a valid client id. The endpoint accepts any other, too.
    pub fn client_id(&self) -> &'static str {
        "9b0e6f0a-8d57-4e1e-93f6-f2a7a8d8f0c1"
    }

    /// Appends replies to the script.
    pub fn script(&self, replies: impl IntoIterator<Item = Reply>) {
        lock(&self.state.script).extend(replies);
    }

    /// Sets the reply to send when the script is empty.
    pub fn default_reply(&self, reply: Reply) {
        *lock(&self.state.default_reply) = Some(reply);
    }

    /// Returns all requests received so far.
    pub fn requests(&self) -> Vec<ReceivedRequest> {
        lock(&self.state.received).clone()
    }
}

impl Drop for FakeEntra {
    fn drop(&mut self) {
        self.state.stopped.store(true, Ordering::Release);
        // Wakes the thread that accepts connections.
        let _ = TcpStream::connect(self.address);
    }
}

impl fmt::Debug for FakeEntra {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("FakeEntra").field(&self.address).finish()
    }
}

impl State {
    fn serve(&self, stream: TcpStream) {
        // Otherwise the last bytes of a small response are delayed.
        let _ = stream.set_nodelay(true);
        let Ok(mut writer) = stream.try_clone() else { return };
        let mut reader = BufReader::new(stream);
        while let Ok(Some(request)) = http::read(&mut reader) {
            let (number, received) = self.record(request);
            let scripted = lock(&self.script).pop_front().or_else(|| lock(&self.default_reply).clone());
            let reply = scripted.unwrap_or_else(|| Reply::token(format!("token-{number}")));
            if !reply.send(&mut writer, received.path.ends_with("/v2.0/token")) {
                return;
            }
        }
    }

    fn record(&self, request: http::Request) -> (usize, ReceivedRequest) {
        let body = String::from_utf8_lossy(&request.body).into_owned();
        let form = Url::parse(&format!("http://form/?{body}")).ok();
        let form = form.map(|form| form.query_pairs().into_owned().collect()).unwrap_or_default();
        let received = ReceivedRequest { path: request.target, form, headers: request.headers };
        let mut all = lock(&self.received);
        all.push(received.clone());
        (all.len(), received)
    }
}

/// A request received by a [`FakeEntra`]. `Debug` prints the names of its fields and headers, but not their values, which
/// include the secret.
#[derive(Clone)]
pub struct ReceivedRequest {
    path: String,
    form: Vec<(String, String)>,
    headers: Vec<(String, String)>,
}

impl fmt::Debug for ReceivedRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = |pairs: &[(String, String)]| pairs.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
        f.debug_struct("ReceivedRequest")
            .field("path", &self.path)
            .field("form", &names(&self.form))
            .field("headers", &names(&self.headers))
            .finish_non_exhaustive()
    }
}

impl ReceivedRequest {
    /// Returns the path with the query.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Returns a form field of the body.
    pub fn field(&self, name: &str) -> Option<&str> {
        self.form.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }

    /// Returns a header. `name` must be in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }
}
