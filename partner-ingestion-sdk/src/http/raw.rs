//! Requests on routes that are not in the API document.

use super::call::{Call, awaitable, call_options, invalid_body};
use super::operation::ANY;
use super::pager::Pages;
use super::response::{Decode, Response, Success, json};
use super::url::join;
use crate::client::Client;
use crate::error::{Error, ErrorKind};
use crate::model::resource::Page;
use bytes::Bytes;
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderValue};
use reqwest::{Method, Request, Url};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fmt;

/// # Requests of your own
///
/// These methods send requests that no operation covers, with the tokens, retries and errors of the operations: see
/// [`RawRequest`] and [`Pages`].
impl Client {
    /// Creates a request on any route of the service, with the tokens, retries and errors of the operations.
    ///
    /// The path is appended to the base URL. Use [`follow`](Client::follow) for a link of the service (`nextLink`, `href`).
    ///
    /// ```no_run
    /// # async fn example(client: partner_ingestion_sdk::Client) -> Result<(), partner_ingestion_sdk::Error> {
    /// use partner_ingestion_sdk::reqwest::Method;
    ///
    /// let flights = client.request(Method::GET, "products/1/flights").send::<serde_json::Value>().await?.into_inner();
    /// # Ok(())
    /// # }
    /// ```
    pub fn request(&self, method: Method, path: &str) -> RawRequest {
        let base = self.base_url();
        let url = match is_confined(path) {
            true => Url::parse(&join(base, path)).map_err(|e| e.to_string()),
            false => Err("path would leave the base URL".to_owned()),
        };
        RawRequest { call: Call::new(self, &ANY), method, url, body: Ok(None) }
    }

    /// Creates a GET request for a link of the service: absolute, or relative to the host.
    ///
    /// A link to another origin is an [`ErrorKind::CrossOrigin`] error before anything is sent.
    pub fn follow(&self, link: &str) -> RawRequest {
        let url = resolve(self.base_url(), link);
        RawRequest { call: Call::new(self, &ANY), method: Method::GET, url, body: Ok(None) }
    }

    /// Returns the pages of a list from a [`next_link`](Page::next_link) on, for example to continue after a restart.
    ///
    /// ```no_run
    /// # async fn example(client: partner_ingestion_sdk::Client) -> Result<(), partner_ingestion_sdk::Error> {
    /// use futures_util::TryStreamExt;
    /// use partner_ingestion_sdk::types::ProductPage;
    ///
    /// let mut offers = client.pages_from::<ProductPage>("v1.0/ingestion/products?$skipToken=abc").items();
    /// while let Some(offer) = offers.try_next().await? {
    ///     println!("{offer}");
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn pages_from<P: Page + DeserializeOwned + Send + 'static>(&self, link: impl Into<String>) -> Pages<P> {
        Pages::from_link(Call::new(self, &ANY), link.into())
    }
}

/// Returns false if the URL parser would remove parts of the path, or read it in another way.
fn is_confined(path: &str) -> bool {
    let segments = path.split('?').next().unwrap_or_default().split('/');
    // The parser decodes dots and removes control characters.
    let dots = segments
        .map(|part| part.trim().replace("%2e", ".").replace("%2E", "."))
        .any(|part| part == "." || part == "..");
    !dots && !path.contains(['\\', '#']) && !path.contains(char::is_control)
}

/// The service writes links relative to the host and without a leading slash (16 of 16 observed links, 2023 to 2025).
pub(crate) fn resolve(base: &Url, link: &str) -> Result<Url, String> {
    // A query may contain an address.
    let absolute = link.find("://").is_some_and(|at| !link[..at].contains(['/', '?', '#']));
    let mut root = base.clone();
    root.set_path("/");
    let url = if absolute { Url::parse(link) } else { root.join(&format!("/{}", link.trim_start_matches('/'))) };
    url.map_err(|e| e.to_string())
}

/// A request on a route that is not in the API document. `Debug` prints neither the query nor the body, which may contain secrets.
#[derive(Clone)]
#[must_use = "a request does nothing until it is awaited"]
pub struct RawRequest {
    call: Call,
    method: Method,
    url: Result<Url, String>,
    body: Result<Option<Bytes>, String>,
}

impl RawRequest {
    pub(crate) fn with_call(mut self, call: &Call) -> Self {
        self.call = call.clone();
        self
    }

    /// Adds a query parameter.
    pub fn query(mut self, name: &str, value: &str) -> Self {
        if let Ok(url) = &mut self.url {
            url.query_pairs_mut().append_pair(name, value);
        }
        self
    }

    /// Sets the body to this value as JSON.
    pub fn json(mut self, body: &impl Serialize) -> Self {
        self.body = serde_json::to_vec(body).map(|json| Some(json.into())).map_err(|e| invalid_body(&e));
        self
    }

    call_options!();

    /// Sends the request and decodes the response. `serde_json::Value` decodes any JSON.
    ///
    /// # Errors
    ///
    /// Returns the errors of every call, and [`ErrorKind::CrossOrigin`] for a link to another origin.
    pub async fn send<T: DeserializeOwned + Send + 'static>(self) -> Result<Response<T>, Error> {
        // Boxed and without a type parameter, so that it is compiled once and not for every decoded type.
        Box::pin(self.fetch(json::<T>)).await?.or_null().decode()
    }

    async fn fetch(self, decode: Decode) -> Result<Success, Error> {
        let argument = |message: String| {
            Error::new(ErrorKind::InvalidArgument, message).with_operation(self.call.operation().name)
        };
        let url = self.url.map_err(argument)?;
        let body = self.body.map_err(argument)?;
        let build_request = |_: &_| {
            let mut request = Request::new(self.method.clone(), url.clone());
            let json = HeaderValue::from_static("application/json");
            if let Some(body) = &body {
                request.headers_mut().insert(CONTENT_TYPE, json.clone());
                *request.body_mut() = Some(body.clone().into());
            }
            request.headers_mut().insert(ACCEPT, json);
            Ok(request)
        };
        self.call.send(&[], None, &build_request, Some(decode)).await
    }
}

impl fmt::Debug for RawRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RawRequest")
            .field("method", &self.method)
            .field("path", &self.url.as_ref().map_or("invalid", Url::path))
            .finish_non_exhaustive()
    }
}

// Awaiting a request decodes the response as any JSON.
awaitable!(RawRequest => Response<serde_json::Value>);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resolves_links_relative_to_the_host() {
        let base = Url::parse("https://a.example/v1.0/ingestion").unwrap();
        let table = [
            ("v1.0/ingestion/products?$skipToken=x", "https://a.example/v1.0/ingestion/products?$skipToken=x"),
            ("/v1.0/ingestion/products", "https://a.example/v1.0/ingestion/products"),
            ("https://a.example/x", "https://a.example/x"),
            ("v1.0/products?next=https://b.example/", "https://a.example/v1.0/products?next=https://b.example/"),
            ("products?a=b://c", "https://a.example/products?a=b://c"),
            ("//evil.example/x", "https://a.example/evil.example/x"),
        ];
        for (link, expected) in table {
            assert_eq!(resolve(&base, link).unwrap().as_str(), expected, "{link}");
        }
    }

    #[test]
    fn paths_that_would_leave_the_base_url_are_recognized() {
        let base = Url::parse("https://a.example/v1.0/ingestion").unwrap();
        let dots = ["..", ".", "%2e%2e", "%2E.", ".%2e", "%2e", ".\t.", "\t..", "..\n", ".. ", " ..", "%2e\r%2e"];
        for part in dots {
            for path in
                [part.to_owned(), format!("products/{part}/x"), format!("{part}/x?y"), format!("products/{part}?y")]
            {
                assert!(!is_confined(&path), "{path:?}");
            }
        }
        for path in ["a\\..\\b", "a#b", "a\tb"] {
            assert!(!is_confined(path), "{path:?}");
        }
        for path in
            ["products/1/flights", "products?next=/../x", "a/.../b", "a/..b", "%252e%252e/x", "//b.example/x", ""]
        {
            assert!(is_confined(path), "{path:?}");
            let url = Url::parse(&join(&base, path)).unwrap();
            assert!(url.as_str().starts_with("https://a.example/v1.0/ingestion/"), "{url}");
        }
    }
}
