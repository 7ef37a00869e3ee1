//! Server-sent events: what changed, so that the browser loads it.

use super::{Page, plain, protected};
use crate::changes::Version;
use crate::message::Reply;
use crate::response::{Content, Disconnected, WireResponse};
use crate::server::State;
use bytes::Bytes;
use futures_util::stream;
use http::{Response, StatusCode};
use http_body_util::{BodyExt, StreamBody};
use hyper::body::Frame;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::watch;

/// Maximum number of open streams. A browser has one for each tab.
const MAX_STREAMS: usize = 32;
/// The minimum time between two events.
const PAUSE: Duration = Duration::from_millis(100);
/// The time after which an event is sent although nothing changed: packages and submissions are processed as time passes.
const BEAT: Duration = Duration::from_secs(2);

/// An open stream. It counts until it is dropped.
struct Open {
    streams: Arc<AtomicUsize>,
    versions: watch::Receiver<Version>,
    is_first: bool,
}

impl Drop for Open {
    fn drop(&mut self) {
        self.streams.fetch_sub(1, Ordering::Relaxed);
    }
}

pub(super) fn stream(state: &State, page: &Page) -> Response<Content> {
    if page.streams.fetch_add(1, Ordering::Relaxed) >= MAX_STREAMS {
        page.streams.fetch_sub(1, Ordering::Relaxed);
        let reply = plain(StatusCode::SERVICE_UNAVAILABLE, "Too many open pages.");
        return WireResponse::from(protected(reply)).into_http();
    }
    let open = Open { streams: page.streams.clone(), versions: state.changes.subscribe(), is_first: true };
    let events = stream::unfold(open, |mut open| async {
        if !open.is_first {
            tokio::time::sleep(PAUSE).await;
            let changed = tokio::time::timeout(BEAT, open.versions.changed()).await;
            if matches!(changed, Ok(Err(_))) {
                return None;
            }
        }
        open.is_first = false;
        let version = *open.versions.borrow_and_update();
        if version.stopping {
            return None;
        }
        let data = serde_json::json!({"calls": version.calls, "account": version.account, "resets": version.resets});
        Some((Ok::<_, Disconnected>(Frame::data(Bytes::from(format!("data: {data}\n\n")))), open))
    });
    let reply = Reply::typed_file(Vec::new(), "text/event-stream");
    WireResponse::from(protected(reply)).into_stream(StreamBody::new(events).boxed_unsync())
}
