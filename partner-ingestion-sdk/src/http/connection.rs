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

/// Returns the error of the request body, if it is the cause.
fn body_error(error: &reqwest::Error) -> Option<&BodyError> {
    let mut cause = error.source()?;
    loop {
        match cause.downcast_ref() {
            Some(found) => return Some(found),
            None => cause = cause.source()?,
        }
    }
}

/// Converts the error of a request to this URL, whose response was not received completely.
pub(crate) fn connection_error(url: &Url, error: reqwest::Error) -> (Error, Failure) {
    if let Some(BodyError(cause)) = body_error(&error) {
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
