//! Accepts and serves connections until the sandbox is dropped.

use crate::server::{self, Host, State, lock};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::runtime::Handle;
use tokio::task::JoinSet;

/// Binds a loopback port. 0 selects a free port.
pub(crate) fn bind(port: u16) -> io::Result<(std::net::TcpListener, SocketAddr)> {
    let listener = std::net::TcpListener::bind(("127.0.0.1", port))?;
    listener.set_nonblocking(true)?;
    let address = listener.local_addr()?;
    Ok((listener, address))
}

/// Starts a server that runs until the sandbox is dropped.
pub(crate) fn start(
    state: &Arc<State>,
    runtime: &Handle,
    listener: std::net::TcpListener,
    host: Host,
) -> io::Result<()> {
    let _context = runtime.enter();
    let listener = TcpListener::from_std(listener)?;
    let task = runtime.spawn(serve(listener, host, state.clone()));
    lock(&state.servers).push(task.abort_handle());
    Ok(())
}

async fn serve(listener: TcpListener, host: Host, state: Arc<State>) {
    // Dropping this set closes all connections.
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let Ok((stream, _)) = accepted else {
                    // Too many open files: wait until connections are closed.
                    tokio::time::sleep(Duration::from_millis(10)).await;
                    continue;
                };
                let state = state.clone();
                connections.spawn(async move {
                    let service = service_fn(|request| server::serve(state.clone(), host, request));
                    // Errors are caused by the client or by an injected fault.
                    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
                });
            }
            Some(_) = connections.join_next() => {}
        }
    }
}
