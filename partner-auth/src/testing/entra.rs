//! An Entra ID that answers as a test scripts it.

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

/// A token endpoint on a free port of this machine. It answers the script in order; after that, and without one, each
/// request gets `token-N`, which lives an hour, `N` being the number of the request. It stops when it is dropped.
pub struct FakeEntra {
    state: Arc<State>,
    address: SocketAddr,
}

#[derive(Default)]
struct State {
    script: Mutex<VecDeque<Reply>>,
    otherwise: Mutex<Option<Reply>>,
    received: Mutex<Vec<Received>>,
    stopped: AtomicBool,
}

impl FakeEntra {
    /// Starts it.
    ///
    /// # Errors
    ///
    /// When no port can be had.
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

    /// The authority, for [`TokenSourceBuilder::authority`](crate::TokenSourceBuilder::authority).
    pub fn authority(&self) -> Authority {
        Authority::at(self.address)
    }

    /// The address as text, for other libraries.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// A client id. Any other is as good.
    pub fn client_id(&self) -> &'static str {
        "9b0e6f0a-8d57-4e1e-93f6-f2a7a8d8f0c1"
    }

    /// Adds replies to the script.
    pub fn script(&self, replies: impl IntoIterator<Item = Reply>) {
        lock(&self.state.script).extend(replies);
    }

    /// What is answered when the script is used up.
    pub fn otherwise(&self, reply: Reply) {
        *lock(&self.state.otherwise) = Some(reply);
    }

    /// The requests so far.
    pub fn requests(&self) -> Vec<Received> {
        lock(&self.state.received).clone()
    }
}

impl Drop for FakeEntra {
    fn drop(&mut self) {
        self.state.stopped.store(true, Ordering::Release);
        // Wakes the thread that waits for connections.
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
        // The client waits for the last bytes of a small answer otherwise.
        let _ = stream.set_nodelay(true);
        let Ok(mut writer) = stream.try_clone() else { return };
        let mut reader = BufReader::new(stream);
        while let Ok(Some(request)) = http::read(&mut reader) {
            let (number, received) = self.note(request);
            let scripted = lock(&self.script).pop_front().or_else(|| lock(&self.otherwise).clone());
            let reply = scripted.unwrap_or_else(|| Reply::token(format!("token-{number}")));
            if !reply.send(&mut writer, received.path.ends_with("/v2.0/token")) {
                return;
            }
        }
    }

    fn note(&self, request: http::Request) -> (usize, Received) {
        let body = String::from_utf8_lossy(&request.body).into_owned();
        let form = Url::parse(&format!("http://form/?{body}")).ok();
        let form = form.map(|form| form.query_pairs().into_owned().collect()).unwrap_or_default();
        let received = Received { path: request.target, form, headers: request.headers };
        let mut all = lock(&self.received);
        all.push(received.clone());
        (all.len(), received)
    }
}

/// A request that the fake received.
#[derive(Clone, Debug)]
pub struct Received {
    path: String,
    form: Vec<(String, String)>,
    headers: Vec<(String, String)>,
}

impl Received {
    /// The path, query included.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// A field of the form.
    pub fn field(&self, name: &str) -> Option<&str> {
        self.form.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }

    /// A header; its name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }
}
