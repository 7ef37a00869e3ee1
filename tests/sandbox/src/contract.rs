//! Routing and validation of requests by the corrected document.

use crate::message::{Reply, Request};
use crate::schema::Schemas;
use http::StatusCode;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// The corrected document, copied into this crate by `cargo xtask generate`.
static DOCUMENT: LazyLock<Value> = LazyLock::new(|| {
    // An invalid copy fails the first test of this crate.
    serde_json::from_str(DOCUMENT_TEXT).unwrap_or_default()
});

/// The text of the corrected document.
pub(crate) const DOCUMENT_TEXT: &str = include_str!("generated/openapi.json");

static ROUTES: LazyLock<Vec<Route>> = LazyLock::new(routes);

/// One operation of the document.
pub(crate) struct Route {
    method: String,
    /// The path as in the document.
    pub(crate) template: &'static str,
    segments: Vec<Segment>,
    operation: &'static Value,
}

/// A path segment: literal text with at most one argument.
struct Segment {
    before: String,
    argument: Option<String>,
    after: String,
}

/// A request that is valid according to the document.
pub(crate) struct ValidRequest {
    pub(crate) method: String,
    pub(crate) template: &'static str,
    pub(crate) arguments: BTreeMap<String, String>,
    /// The body with the service's spelling of property names.
    pub(crate) body: Value,
    /// The success status in the document.
    pub(crate) success: StatusCode,
    /// Deviations from the document that the service accepts.
    pub(crate) notes: Vec<String>,
}

/// Returns the entity tag in a body, which replaces `If-Match` (some clients update packages without the header).
pub(crate) fn tag_in_body(body: &Value) -> Option<&str> {
    body.get("@odata.etag")?.as_str()
}

impl ValidRequest {
    /// Returns the last argument of the path: the id of the resource itself.
    pub(crate) fn own_argument(&self) -> &str {
        let name = self.template.rsplit(['{', '}']).nth(1).unwrap_or_default();
        self.arguments.get(name).map(String::as_str).unwrap_or_default()
    }
}

fn routes() -> Vec<Route> {
    let mut routes = Vec::new();
    let paths = DOCUMENT.get("paths").and_then(Value::as_object);
    for (path, item) in paths.into_iter().flatten() {
        for (method, operation) in item.as_object().into_iter().flatten() {
            let segments = path.split('/').skip(1).map(segment).collect();
            routes.push(Route { method: method.to_uppercase(), template: path, segments, operation });
        }
    }
    // Literal text takes precedence over an argument: `getByInstanceID(...)` is not a listing id.
    routes.sort_by_key(|route| route.segments.iter().filter(|s| s.before.is_empty() && s.argument.is_some()).count());
    routes
}

fn segment(text: &str) -> Segment {
    let parts = text.split_once('{').and_then(|(before, rest)| Some((before, rest.split_once('}')?)));
    match parts {
        Some((before, (argument, after))) => {
            Segment { before: before.to_owned(), argument: Some(argument.to_owned()), after: after.to_owned() }
        }
        None => Segment { before: text.to_owned(), argument: None, after: String::new() },
    }
}

impl Segment {
    /// Matches text ignoring case, and returns the decoded argument.
    fn take(&self, text: &str) -> Option<Option<(String, String)>> {
        let decoded = percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned();
        let Some(argument) = &self.argument else {
            return decoded.eq_ignore_ascii_case(&self.before).then_some(None);
        };
        let (before, after) = (self.before.len(), self.after.len());
        let long_enough = decoded.len() > before + after && decoded.is_char_boundary(before);
        if !long_enough || !decoded.is_char_boundary(decoded.len() - after) {
            return None;
        }
        let fits = decoded[..before].eq_ignore_ascii_case(&self.before)
            && decoded[decoded.len() - after..].eq_ignore_ascii_case(&self.after);
        fits.then(|| Some((argument.clone(), decoded[before..decoded.len() - after].to_owned())))
    }
}

/// Returns true if the document has this operation, ignoring the case of the path.
pub(crate) fn has_operation(method: &str, template: &str) -> bool {
    let same = |route: &Route| route.method == method && route.template.eq_ignore_ascii_case(template);
    ROUTES.iter().any(same)
}

/// Returns all operations, such as `GET /products`.
pub(crate) fn operations() -> Vec<String> {
    let mut all: Vec<String> = ROUTES.iter().map(|route| format!("{} {}", route.method, route.template)).collect();
    all.sort();
    all
}

/// Returns the path of the operation as in the document.
pub(crate) fn template(method: &str, path: &str) -> Option<&'static str> {
    let segments: Vec<&str> = path.trim_start_matches('/').split('/').collect();
    let mut routes = ROUTES.iter().filter(|route| route.method == method);
    routes.find(|route| route.matches(&segments).is_some()).map(|route| route.template)
}

/// Finds the route and validates the request. `path` is relative to the base path of the API.
pub(crate) fn check(request: &Request, path: &str) -> Result<ValidRequest, Reply> {
    let segments: Vec<&str> = path.trim_start_matches('/').split('/').collect();
    let mut other_method = false;
    for route in ROUTES.iter() {
        let Some(arguments) = route.matches(&segments) else {
            continue;
        };
        if route.method != request.method.as_str() {
            other_method = true;
            continue;
        }
        let (body, notes) = route.body(request)?;
        route.check_parameters(request, &body)?;
        return Ok(ValidRequest {
            method: route.method.clone(),
            template: route.template,
            arguments,
            body,
            success: route.success(),
            notes,
        });
    }
    let status = if other_method { StatusCode::METHOD_NOT_ALLOWED } else { StatusCode::NOT_FOUND };
    Err(Reply::empty(status).noted(format!("{} {path} is not in the document", request.method)))
}

impl Route {
    fn matches(&self, segments: &[&str]) -> Option<BTreeMap<String, String>> {
        if segments.len() != self.segments.len() {
            return None;
        }
        let mut arguments = BTreeMap::new();
        for (pattern, text) in self.segments.iter().zip(segments) {
            arguments.extend(pattern.take(text)?);
        }
        Some(arguments)
    }

    fn success(&self) -> StatusCode {
        let responses = self.operation.get("responses").and_then(Value::as_object);
        let mut codes = responses.into_iter().flatten().map(|(status, _)| status);
        let code = codes.find(|status| status.starts_with('2'));
        code.and_then(|code| code.parse().ok()).unwrap_or(StatusCode::OK)
    }

    /// Returns the body with the service's spelling, and notes on its deviations.
    fn body(&self, request: &Request) -> Result<(Value, Vec<String>), Reply> {
        let schema = self.operation.pointer("/requestBody/content/application~1json/schema");
        let Some(schema) = schema else {
            // Some clients send `{}` instead of an empty body.
            let nothing = request.body.is_empty() || *request.body == *b"{}";
            return if nothing {
                Ok((Value::Null, Vec::new()))
            } else {
                Err(Reply::bad_request("body", "no body is expected"))
            };
        };
        let json = request
            .header("content-type")
            .is_some_and(|kind| kind.to_ascii_lowercase().starts_with("application/json"));
        if !json {
            return Err(Reply::bad_request("Content-Type", "application/json is expected"));
        }
        let body: Value = serde_json::from_slice(&request.body)
            .map_err(|error| Reply::bad_request("body", &format!("the body is not JSON: {error}")))?;
        let schemas = Schemas::new(&DOCUMENT);
        match schemas.check(schema, &body, "") {
            Ok(body) => Ok((body, schemas.into_notes())),
            Err(problem) => Err(Reply::bad_request(&problem.place, &problem.message)),
        }
    }

    fn check_parameters(&self, request: &Request, body: &Value) -> Result<(), Reply> {
        let schemas = Schemas::new(&DOCUMENT);
        let parameters = self.operation.get("parameters").and_then(Value::as_array);
        let parameters: Vec<&Value> = parameters.into_iter().flatten().map(|p| schemas.resolve(p)).collect();
        let text =
            |parameter: &Value, key: &str| parameter.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        for (name, _) in &request.query {
            let known =
                parameters.iter().any(|p| text(p, "in") == "query" && text(p, "name").eq_ignore_ascii_case(name));
            if !known {
                return Err(Reply::bad_request(name, "the query parameter is not documented"));
            }
        }
        for parameter in parameters {
            let required = parameter.get("required").and_then(Value::as_bool).unwrap_or(false);
            let name = text(parameter, "name");
            let tagged = name == "If-Match" && tag_in_body(body).is_some();
            if required && text(parameter, "in") == "header" && request.header(&name).is_none() && !tagged {
                return Err(Reply::bad_request(&name, "the header is required"));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn route(method: &str, path: &str) -> Option<(&'static str, BTreeMap<String, String>)> {
        let segments: Vec<&str> = path.trim_start_matches('/').split('/').collect();
        ROUTES.iter().filter(|r| r.method == method).find_map(|r| Some((r.template, r.matches(&segments)?)))
    }

    #[test]
    fn matches_routes_ignoring_case_and_with_arguments_in_parentheses() {
        let document: Value = serde_json::from_str(include_str!("../../../openapi/partner-ingestion.json")).unwrap();
        let items = document["paths"].as_object().unwrap().values();
        let operations: usize = items.map(|item| item.as_object().unwrap().len()).sum();
        assert_eq!(ROUTES.len(), operations);
        let (template, arguments) = route("GET", "/Products/p1/LISTINGS/getbyinstanceid(instanceID=a%20b)").unwrap();
        assert_eq!(template, "/products/{productID}/listings/getByInstanceID(instanceID={instanceID})");
        assert_eq!((arguments["productID"].as_str(), arguments["instanceID"].as_str()), ("p1", "a b"));
        let (template, _) = route("GET", "/products/p1/listings/l1").unwrap();
        assert_eq!(template, "/products/{productID}/listings/{listingID}");
        assert!(route("GET", "/products//listings/l1").is_none());
        assert!(route("GET", "/nothing").is_none());
    }
}
