//! The web page at `/`: what the sandbox received, its offers, and controls.
//!
//! Reading needs no token. Controls need the token of [`Page::token`], which a cookie keeps after the first visit.

mod control;
mod events;
mod render;

use crate::message::{Reply, Request, guid};
use crate::response::{Content, WireResponse};
use crate::server::State;
use aws_lc_rs::constant_time::verify_slices_are_equal;
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderName, LOCATION, REFERRER_POLICY, SET_COOKIE, X_CONTENT_TYPE_OPTIONS,
    X_FRAME_OPTIONS,
};
use http::{Method, Response, StatusCode};
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

/// The path of everything but the page itself.
const PREFIX: &str = "/page/";

/// Assets come from this host, and scripts and styles are files. No other page may embed this one.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; \
                      form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

const NEEDS_TOKEN: &str = "The controls need the token in the address that the program printed.";

pub(crate) struct Page {
    /// The secret in the address that the program prints.
    pub(crate) token: String,
    /// The name of the cookie. Cookies do not distinguish ports.
    cookie: String,
    /// The number of open event streams.
    streams: Arc<AtomicUsize>,
}

impl Page {
    pub(crate) fn new(port: u16) -> Self {
        let token = guid().replace('-', "");
        Self { token, cookie: format!("partner-sandbox-{port}"), streams: Arc::default() }
    }

    /// Returns true if the request may use the controls.
    fn allows(&self, request: &Request) -> bool {
        let cookies = request.header("cookie").unwrap_or_default().split(';');
        let mut values = cookies.filter_map(|cookie| cookie.trim().strip_prefix(&self.cookie)?.strip_prefix('='));
        values.any(|value| self.is_token(value))
    }

    fn is_token(&self, value: &str) -> bool {
        verify_slices_are_equal(value.as_bytes(), self.token.as_bytes()).is_ok()
    }
}

/// Returns true if the path belongs to the page.
pub(crate) fn has_route(path: &str) -> bool {
    path == "/" || path.starts_with(PREFIX)
}

/// Serves a request of a browser. The guard has checked its host and origin.
pub(crate) fn serve(state: &Arc<State>, page: &Page, request: &Request) -> Response<Content> {
    let is_read = matches!(request.method, Method::GET | Method::HEAD);
    let path = request.path.strip_prefix(PREFIX).unwrap_or_default();
    let reply = match path {
        "events" if is_read => return events::stream(state, page),
        _ if is_read => read(state, page, request, path),
        _ if request.method != Method::POST => Reply::empty(StatusCode::METHOD_NOT_ALLOWED),
        _ => match path.strip_prefix("control/") {
            None => Reply::empty(StatusCode::METHOD_NOT_ALLOWED),
            Some(_) if !page.allows(request) => plain(StatusCode::FORBIDDEN, NEEDS_TOKEN),
            Some(action) => control::handle(state, request, action),
        },
    };
    WireResponse::from(protected(reply)).into_http()
}

fn read(state: &State, page: &Page, request: &Request, path: &str) -> Reply {
    match path {
        // The token moves from the address to a cookie, so that it is not in the history and not visible.
        "" if request.query("token").is_some() => match request.query("token") {
            Some(token) if page.is_token(token) => {
                let cookie = format!("{}={token}; Path=/; HttpOnly; SameSite=Strict", page.cookie);
                Reply::empty(StatusCode::SEE_OTHER).with_header(LOCATION, "/").with_header(SET_COOKIE, &cookie)
            }
            _ => plain(StatusCode::FORBIDDEN, "The token is not that of this sandbox. It is new at each start."),
        },
        "" => render::page(state, request, page.allows(request)),
        "style.css" => asset(include_str!("../../assets/style.css"), "text/css; charset=utf-8"),
        "script.js" => asset(include_str!("../../assets/script.js"), "text/javascript; charset=utf-8"),
        "icon.svg" => asset(include_str!("../../assets/icon.svg"), "image/svg+xml"),
        "offers" => render::offers(state),
        "settings" => render::settings(state),
        "calls" => render::calls(state, request),
        // It contains signatures of upload addresses.
        "state.json" if !page.allows(request) => plain(StatusCode::FORBIDDEN, NEEDS_TOKEN),
        "state.json" => crate::control::saved(state),
        _ => match path.strip_prefix("calls/").map(str::parse) {
            Some(Ok(number)) => render::call(state, number, request.query("fragment").is_some()),
            _ => plain(StatusCode::NOT_FOUND, "Not found."),
        },
    }
}

/// Adds the headers that protect the page.
fn protected(reply: Reply) -> Reply {
    reply
        .with_header(CONTENT_SECURITY_POLICY, POLICY)
        .with_header(X_CONTENT_TYPE_OPTIONS, "nosniff")
        .with_header(X_FRAME_OPTIONS, "DENY")
        .with_header(REFERRER_POLICY, "no-referrer")
        .with_header(CACHE_CONTROL, "no-store")
        .with_header(HeaderName::from_static("cross-origin-resource-policy"), "same-origin")
        .with_header(HeaderName::from_static("cross-origin-opener-policy"), "same-origin")
}

fn typed(status: StatusCode, content: String, kind: &str) -> Reply {
    let mut reply = Reply::typed_file(content.into_bytes(), kind);
    reply.status = status;
    reply
}

fn asset(content: &str, kind: &str) -> Reply {
    typed(StatusCode::OK, content.to_owned(), kind)
}

fn html(content: String) -> Reply {
    typed(StatusCode::OK, content, "text/html; charset=utf-8")
}

fn plain(status: StatusCode, text: &str) -> Reply {
    typed(status, text.to_owned(), "text/plain; charset=utf-8")
}
