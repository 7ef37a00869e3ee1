//! Accepts and serves connections until the sandbox is stopped or dropped.

use crate::changes::{self, Changes};
use crate::server::{self, Host, State, lock};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use std::collections::BTreeMap;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Handle;
use tokio::sync::Notify;
use tokio::task::JoinSet;

/// Above this number, a new connection closes the one that was idle for longest. Below the usual limit of open files.
const MAX_CONNECTIONS: usize = 500;
/// The time that calls have to complete when the sandbox stops.
const STOP_TIMEOUT: Duration = Duration::from_secs(5);

/// Starts a server that runs until the sandbox is stopped or dropped.
pub(crate) fn start(
    state: &Arc<State>,
    runtime: &Handle,
    listener: std::net::TcpListener,
    host: Host,
) -> io::Result<()> {
    let _context = runtime.enter();
    let listener = TcpListener::from_std(listener)?;
    let task = runtime.spawn(serve(listener, host, state.clone()));
    lock(&state.servers).push(task);
    Ok(())
}

/// One open connection.
#[derive(Default)]
struct Connection {
    /// The time of the last request, as a number that increases.
    last_used: AtomicU64,
    /// Whether a request is in progress.
    is_busy: AtomicBool,
    close: Notify,
}

async fn serve(listener: TcpListener, host: Host, state: Arc<State>) {
    // Dropping this set closes all connections.
    let mut tasks = JoinSet::new();
    let mut open: BTreeMap<u64, Arc<Connection>> = BTreeMap::new();
    let uses = Arc::new(AtomicU64::new(0));
    let mut next = 0;
    let mut stopped = pin!(changes::stopped(state.changes.subscribe()));
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let Ok((stream, _)) = accepted else {
                    // Too many open files: wait until connections are closed.
                    close_idle(&open);
                    tokio::time::sleep(Duration::from_millis(10)).await;
                    continue;
                };
                if open.len() >= MAX_CONNECTIONS {
                    close_idle(&open);
                }
                next += 1;
                let connection = Arc::new(Connection::default());
                connection.last_used.store(uses.fetch_add(1, Ordering::Relaxed), Ordering::Relaxed);
                open.insert(next, connection.clone());
                let (id, state, uses) = (next, state.clone(), uses.clone());
                tasks.spawn(async move {
                    run(stream, host, state, connection, uses).await;
                    id
                });
            }
            Some(ended) = tasks.join_next() => {
                if let Ok(id) = ended {
                    open.remove(&id);
                }
            }
            () = &mut stopped => break,
        }
    }
    drop(listener);
    // The connections see the same signal, and close after the current response.
    let _ = tokio::time::timeout(STOP_TIMEOUT, async { while tasks.join_next().await.is_some() {} }).await;
}

/// Closes the connection that was idle for longest.
fn close_idle(open: &BTreeMap<u64, Arc<Connection>>) {
    let idle = open.values().filter(|connection| !connection.is_busy.load(Ordering::Relaxed));
    if let Some(oldest) = idle.min_by_key(|connection| connection.last_used.load(Ordering::Relaxed)) {
        // It counts as used, so that the next new connection closes another one.
        oldest.last_used.store(u64::MAX, Ordering::Relaxed);
        oldest.close.notify_one();
    }
}

async fn run(stream: TcpStream, host: Host, state: Arc<State>, connection: Arc<Connection>, uses: Arc<AtomicU64>) {
    let stopped = changes::stopped(state.changes.subscribe());
    let service = service_fn(|request| {
        let (state, connection, uses) = (state.clone(), connection.clone(), uses.clone());
        async move {
            connection.is_busy.store(true, Ordering::Relaxed);
            connection.last_used.store(uses.fetch_add(1, Ordering::Relaxed), Ordering::Relaxed);
            let response = server::serve(state, host, request).await;
            connection.is_busy.store(false, Ordering::Relaxed);
            response
        }
    });
    let mut served = pin!(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
    // Errors are caused by the client or by an injected fault.
    tokio::select! {
        _ = served.as_mut() => {}
        () = connection.close.notified() => {}
        () = stopped => {
            served.as_mut().graceful_shutdown();
            let _ = served.await;
        }
    }
}

/// Stops all servers after their current calls.
pub(crate) async fn stop(changes: &Changes, servers: Vec<tokio::task::JoinHandle<()>>) {
    changes.stop();
    for server in servers {
        // A panic of a server is a panic of its task only.
        let _ = server.await;
    }
}
