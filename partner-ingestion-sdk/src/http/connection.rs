//! Errors of connections: the host, the port and the cause. Paths and queries may contain secrets.

use super::retry::Failure;
use crate::error::{Error, ErrorKind};
use partner_auth::ConnectionFailure;
use reqwest::Url;

/// Returns host and port of a URL.
pub(crate) fn address(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port_or_known_default().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

/// Converts the error of a request to this URL, whose response was not received completely.
pub(crate) fn connection_error(url: &Url, error: reqwest::Error) -> (Error, Failure) {
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
