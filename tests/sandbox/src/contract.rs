//! The corrected document as a contract: which route a request is for, and whether the document allows it.

use crate::message::{Reply, Request};
use crate::schema::Schemas;
use http::StatusCode;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// The corrected document, written into this crate by `cargo xtask generate`.
static DOCUMENT: LazyLock<Value> = LazyLock::new(|| {
    // A broken copy would fail the first test of this crate; there is nothing to serve without it.
    serde_json::from_str(include_str!("generated/openapi.json")).unwrap_or_default()
});

static ROUTES: LazyLock<Vec<Route>> = LazyLock::new(routes);

/// One operation of the document.
pub(crate) struct Route {
    method: String,
    /// As in the document.
    pub(crate) template: &'static str,
    segments: Vec<Segment>,
    operation: &'static Value,
}

/// Literal text around at most one argument.
struct Segment {
    before: String,
    argument: Option<String>,
    after: String,
}

/// A request that the document allows.
pub(crate) struct Allowed {
    pub(crate) method: String,
    pub(crate) template: &'static str,
    pub(crate) arguments: BTreeMap<String, String>,
    /// In the service's spelling.
    pub(crate) body: Value,
    /// The status that the document gives a success.
    pub(crate) success: StatusCode,
    /// What the service takes although the document says otherwise.
    pub(crate) notes: Vec<String>,
}

/// The entity tag that a body carries: it does what If-Match does (clients have sent packages so, without the header).
pub(crate) fn tag_in_body(body: &Value) -> Option<&str> {
    body.get("@odata.etag")?.as_str()
}

impl Allowed {
    /// The last argument of the path: what the resource itself is called by.
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
    // Fixed text beats an argument: `getByInstanceID(...)` is no listing.
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
    /// Routes are matched without case; the argument is decoded.
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

/// Whether the document has this operation; the path is compared without case.
pub(crate) fn knows(method: &str, template: &str) -> bool {
    let same = |route: &Route| route.method == method && route.template.eq_ignore_ascii_case(template);
    ROUTES.iter().any(same)
}

/// The path of the operation that a request is for, as the document has it.
pub(crate) fn template(method: &str, path: &str) -> Option<&'static str> {
    let segments: Vec<&str> = path.trim_start_matches('/').split('/').collect();
    let mut routes = ROUTES.iter().filter(|route| route.method == method);
    routes.find(|route| route.matches(&segments).is_some()).map(|route| route.template)
}

/// Finds the route and checks the request. `path` is below the base of the API.
pub(crate) fn check(request: &Request, path: &str) -> Result<Allowed, Reply> {
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
        return Ok(Allowed {
            method: route.method.clone(),
            template: route.template,
            arguments,
            body,
            success: route.success(),
            notes,
        });
    }
    let status = if other_method { StatusCode::METHOD_NOT_ALLOWED } else { StatusCode::NOT_FOUND };
    Err(Reply::empty(status).noted(format!("{} {path} is no route of the document", request.method)))
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

    /// The body in the service's spelling, and what was put right in it.
    fn body(&self, request: &Request) -> Result<(Value, Vec<String>), Reply> {
        let schema = self.operation.pointer("/requestBody/content/application~1json/schema");
        let Some(schema) = schema else {
            // `{}` is sent by some clients where there is nothing to say.
            let nothing = request.body.is_empty() || request.body == b"{}";
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
    fn routes_without_case_and_with_arguments_in_parentheses() {
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
