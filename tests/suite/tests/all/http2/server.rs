//! HTTP/2 servers that misbehave.

use super::PRODUCT;
use h2::server::SendResponse;
use h2::{Reason, server};
use http::Response;
use hyper::body::Bytes;
use partner_tests::tls_server::{Connection, TlsOptions, TlsServer};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// What a server does with a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// RST_STREAM with REFUSED_STREAM before a response.
    Refused,
    /// RST_STREAM with INTERNAL_ERROR before a response.
    Reset,
    /// RST_STREAM with INTERNAL_ERROR after the head of a response.
    ResetAfterHead,
    /// RST_STREAM with REFUSED_STREAM after the head of a response.
    RefusedAfterHead,
    /// GOAWAY that names an earlier stream as the last one, and the end of the connection.
    GoAwayBefore,
    /// GOAWAY that names the stream of the request as the last one, and the end of the connection without a response.
    GoAwayAfter,
    /// No window for the body of the request.
    NoWindow,
}

/// A server with a fault for the first requests. Counts the requests.
pub(super) struct FaultServer {
    pub(super) server: TlsServer,
    requests: Arc<AtomicUsize>,
}

impl FaultServer {
    pub(super) async fn start(fault: Fault, times: usize) -> Self {
        let requests = Arc::<AtomicUsize>::default();
        let counter = requests.clone();
        let server = TlsServer::start(TlsOptions::default(), move |_, connection| {
            let requests = counter.clone();
            async move {
                match fault {
                    Fault::GoAwayBefore if requests.load(Ordering::Relaxed) < times => {
                        // A client that closes the connection early is part of some tests.
                        let _ = go_away(connection, &requests).await;
                    }
                    _ => serve(connection, fault, times, &requests).await,
                }
            }
        })
        .await;
        Self { server, requests }
    }

    pub(super) fn requests(&self) -> usize {
        self.requests.load(Ordering::Relaxed)
    }
}

async fn serve(connection: Connection, fault: Fault, times: usize, requests: &AtomicUsize) {
    let mut builder = server::Builder::new();
    if fault == Fault::NoWindow {
        builder.initial_window_size(0);
    }
    let Ok(mut connection) = builder.handshake::<_, Bytes>(connection).await else { return };
    // Dropping them would reset the streams.
    let mut held = Vec::new();
    while let Some(Ok((request, mut respond))) = connection.accept().await {
        if requests.fetch_add(1, Ordering::Relaxed) >= times {
            answer(respond);
            continue;
        }
        match fault {
            Fault::Refused => respond.send_reset(Reason::REFUSED_STREAM),
            Fault::Reset => respond.send_reset(Reason::INTERNAL_ERROR),
            Fault::ResetAfterHead => reset_after_head(respond, Reason::INTERNAL_ERROR),
            Fault::RefusedAfterHead => reset_after_head(respond, Reason::REFUSED_STREAM),
            Fault::GoAwayAfter => connection.abrupt_shutdown(Reason::INTERNAL_ERROR),
            Fault::NoWindow => held.push((request, respond)),
            Fault::GoAwayBefore => unreachable!("the connection was closed before"),
        }
    }
}

fn answer(mut respond: SendResponse<Bytes>) {
    // The client may have reset the stream.
    if let Ok(mut body) = respond.send_response(Response::new(()), false) {
        let _ = body.send_data(Bytes::from_static(PRODUCT.as_bytes()), true);
    }
}

fn reset_after_head(mut respond: SendResponse<Bytes>, reason: Reason) {
    let mut body = respond.send_response(Response::new(()), false).unwrap();
    body.send_data(Bytes::from_static(b"{\"id\":"), false).unwrap();
    tokio::spawn(async move {
        // After the head was sent.
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        body.send_reset(reason);
    });
}

/// Reads frames until the first request, and refuses it with GOAWAY.
async fn go_away(mut connection: Connection, requests: &AtomicUsize) -> std::io::Result<()> {
    const SETTINGS: [u8; 9] = [0, 0, 0, 4, 0, 0, 0, 0, 0];
    const GOAWAY: [u8; 17] = [0, 0, 8, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    const HEADERS: u8 = 1;
    let mut preface = [0; 24];
    connection.read_exact(&mut preface).await?;
    connection.write_all(&SETTINGS).await?;
    loop {
        let mut head = [0; 9];
        connection.read_exact(&mut head).await?;
        let length = usize::from(head[0]) << 16 | usize::from(head[1]) << 8 | usize::from(head[2]);
        connection.read_exact(&mut vec![0; length]).await?;
        if head[3] == HEADERS {
            requests.fetch_add(1, Ordering::Relaxed);
            connection.write_all(&GOAWAY).await?;
            return connection.shutdown().await;
        }
    }
}

/// A server that ends each connection gracefully after a number of requests.
pub(super) async fn rotating(after: usize) -> TlsServer {
    TlsServer::start(TlsOptions::default(), move |_, connection| async move {
        let Ok(mut connection) = server::handshake(connection).await else { return };
        let mut count = 0;
        while let Some(Ok((_, respond))) = connection.accept().await {
            answer(respond);
            count += 1;
            if count == after {
                connection.graceful_shutdown();
            }
        }
    })
    .await
}

/// A server that accepts connections and sends nothing after its settings.
pub(super) async fn silent() -> TlsServer {
    TlsServer::start(TlsOptions::default(), |_, mut connection| async move {
        let _ = connection.write_all(&[0, 0, 0, 4, 0, 0, 0, 0, 0]).await;
        std::future::pending::<()>().await;
    })
    .await
}
