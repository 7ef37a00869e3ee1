//! Protects the page and the control API from other web pages in the browser of the same machine.

use crate::message::{Reply, Request};
use http::{Method, StatusCode, header};

/// Rejects requests that another web page may have caused.
///
/// * DNS rebinding: a page whose name was changed to this machine has a foreign `Host`.
/// * Requests of another page have a foreign `Origin` or `Sec-Fetch-Site`. They cannot read a response, so that reading is allowed.
pub(crate) fn check(names: &[String], request: &Request) -> Result<(), Reply> {
    let host = request.header("host").unwrap_or_default();
    let name = match host.rsplit_once(':') {
        // The last colon of an IPv6 address without a port is in brackets.
        Some((name, port)) if !port.ends_with(']') => name,
        _ => host,
    };
    if !names.iter().any(|known| known.eq_ignore_ascii_case(name)) {
        return Err(denied(
            StatusCode::MISDIRECTED_REQUEST,
            "the host is not a name of this sandbox; see --hostname in the documentation",
        ));
    }
    if matches!(request.method, Method::GET | Method::HEAD) {
        return Ok(());
    }
    let foreign_origin =
        request.header(header::ORIGIN.as_str()).is_some_and(|origin| origin != format!("http://{host}"));
    let foreign_site = request.header("sec-fetch-site").is_some_and(|site| !matches!(site, "same-origin" | "none"));
    if foreign_origin || foreign_site {
        return Err(denied(StatusCode::FORBIDDEN, "the request comes from another web page"));
    }
    Ok(())
}

fn denied(status: StatusCode, reason: &str) -> Reply {
    Reply::json(status, serde_json::json!({"error": reason}))
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use http::HeaderMap;

    fn status(method: Method, headers: &[(&'static str, &str)]) -> u16 {
        let names = ["localhost".to_owned(), "127.0.0.1".to_owned(), "[::1]".to_owned()];
        let headers: HeaderMap =
            headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
        let request = Request { method, path: String::new(), query: Vec::new(), headers, body: Bytes::new() };
        check(&names, &request).map_or_else(|reply| reply.status.as_u16(), |()| 200)
    }

    #[test]
    fn only_own_names_are_accepted() {
        for host in ["localhost", "localhost:8080", "LOCALHOST:1", "127.0.0.1:8080", "[::1]:8080", "[::1]"] {
            assert_eq!(status(Method::GET, &[("host", host)]), 200, "{host}");
        }
        for host in ["a.example", "localhost.a.example", "127.0.0.1.a.example:80", "", "[::2]:1", "localhost:1:2"] {
            assert_eq!(status(Method::GET, &[("host", host)]), 421, "{host}");
        }
        assert_eq!(status(Method::GET, &[]), 421);
    }

    #[test]
    fn other_pages_cannot_change_anything() {
        let host = ("host", "localhost:80");
        for (header, expected) in [
            (("origin", "http://localhost:80"), 200),
            (("origin", "http://localhost:81"), 403),
            (("origin", "https://localhost:80"), 403),
            (("origin", "null"), 403),
            (("sec-fetch-site", "same-origin"), 200),
            (("sec-fetch-site", "cross-site"), 403),
            (("sec-fetch-site", "same-site"), 403),
            (("accept", "*/*"), 200),
        ] {
            assert_eq!(status(Method::POST, &[host, header]), expected, "{header:?}");
        }
        assert_eq!(status(Method::GET, &[host, ("sec-fetch-site", "cross-site")]), 200);
    }
}
