//! Connections: accepted, served, and cut when the sandbox is dropped.

use crate::server::{self, Door, State, lock};
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

/// Binds a loopback port; 0 stands for a free one.
pub(crate) fn bind(port: u16) -> io::Result<(std::net::TcpListener, SocketAddr)> {
    let listener = std::net::TcpListener::bind(("127.0.0.1", port))?;
    listener.set_nonblocking(true)?;
    let address = listener.local_addr()?;
    Ok((listener, address))
}

/// Opens a door for as long as the sandbox lives.
pub(crate) fn open(
    state: &Arc<State>,
    runtime: &Handle,
    listener: std::net::TcpListener,
    door: Door,
) -> io::Result<()> {
    let _context = runtime.enter();
    let listener = TcpListener::from_std(listener)?;
    let task = runtime.spawn(serve(listener, door, state.clone()));
    lock(&state.doors).push(task.abort_handle());
    Ok(())
}

async fn serve(listener: TcpListener, door: Door, state: Arc<State>) {
    // Dropped with this future, and with it every connection is cut.
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let Ok((stream, _)) = accepted else {
                    // Too many open files pass by when connections are closed.
                    tokio::time::sleep(Duration::from_millis(10)).await;
                    continue;
                };
                let state = state.clone();
                connections.spawn(async move {
                    let service = service_fn(|request| server::answer(state.clone(), door, request));
                    // That it breaks is the client's affair, or a fault that was asked for.
                    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
                });
            }
            Some(_) = connections.join_next() => {}
        }
    }
}
