//! Errors of connections: the host, the port and the cause. Paths and queries may contain secrets.

use super::retry::Failure;
use crate::error::{Error, ErrorKind};
use partner_auth::ConnectionFailure;
use reqwest::Url;
use std::error::Error as StdError;
use std::{fmt, io};

/// Returns host and port of a URL.
pub(crate) fn address(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port_or_known_default().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

/// The error of a request body that is read while it is sent.
#[derive(Debug)]
pub(crate) struct BodyError(pub(crate) io::Error);

impl fmt::Display for BodyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl StdError for BodyError {}

/// Returns the first cause of a type.
fn cause<E: StdError + 'static>(error: &reqwest::Error) -> Option<&E> {
    let mut cause = error.source()?;
    loop {
        match cause.downcast_ref() {
            Some(found) => return Some(found),
            None => cause = cause.source()?,
        }
    }
}

/// Returns true if the server did not process the request of an HTTP/2 stream (RFC 9113 section 8.7): it refused the stream, or it
/// closes the connection and names an earlier stream as the last one.
#[cfg(feature = "http2")]
fn is_unprocessed(error: &reqwest::Error) -> bool {
    let refused = |error: &h2::Error| error.is_reset() && error.reason() == Some(h2::Reason::REFUSED_STREAM);
    let unprocessed = |error: &h2::Error| error.is_remote() && (error.is_go_away() || refused(error));
    // After the head of a response, the request was processed at least in part.
    error.is_request() && cause(error).is_some_and(unprocessed)
}

#[cfg(not(feature = "http2"))]
fn is_unprocessed(_: &reqwest::Error) -> bool {
    false
}

/// Returns true if the connection was closed before anything of the request was written. hyper sends such a request again itself if the
/// connection was used before, but not on a new one.
fn is_unwritten(error: &reqwest::Error) -> bool {
    cause::<hyper::Error>(error).is_some_and(hyper::Error::is_canceled)
}

/// Converts the error of a request to this URL, whose response was not received completely.
pub(crate) fn connection_error(url: &Url, error: reqwest::Error) -> (Error, Failure) {
    if let Some(BodyError(cause)) = cause(&error) {
        let message = format!("request body cannot be read: {cause}");
        return (Error::new(ErrorKind::Io, message).with_source(error.without_url()), Failure::Unreadable);
    }
    // The messages of later failures are about other things than the certificate or the host name.
    let cause = if error.is_connect() { ConnectionFailure::of(&error) } else { ConnectionFailure::Other };
    let address = address(url);
    let (mut message, failure) = match error.is_connect() {
        true if cause.is_permanent() => {
            (format!("connection to {address} cannot be established"), Failure::ConnectPermanently)
        }
        true => (format!("connection to {address} cannot be established"), Failure::NotSent),
        false if is_unprocessed(&error) || is_unwritten(&error) => {
            (format!("{address} did not accept the request"), Failure::NotSent)
        }
        false if error.is_decode() => {
            (format!("response of {address} cannot be decompressed"), Failure::ConnectionLost)
        }
        false => (format!("connection to {address} was lost"), Failure::ConnectionLost),
    };
    if let Some(cause) = cause.description().or(error.is_timeout().then_some("the timeout elapsed")) {
        message += &format!(": {cause}");
    }
    let kind = if error.is_timeout() { ErrorKind::Timeout } else { ErrorKind::Connection };
    // The URL may contain the values of a filter, or the key of an upload.
    let error = Error::new(kind, message).with_connection_failure(cause).with_source(error.without_url());
    (error, failure)
}
