//! The formats of the service's error responses.

use crate::message::guid;
use crate::names::named;
use http::StatusCode;
use serde_json::{Value, json};

/// A format of error responses of the service or its gateway.
///
/// ```
/// use partner_sandbox::{ErrorShape, Fault};
///
/// let fault = Fault::error(403, ErrorShape::Message);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorShape {
    /// `coded`: a JSON string with a code such as `ICH50400`, a sentence and an embedded JSON object. Recorded.
    Coded,
    /// `message`: a JSON string with only a sentence. Reported.
    Message,
    /// `exception`: a JSON string with the class name of an exception and an embedded ASP.NET problem. Reported in June 2026.
    Exception,
    /// `empty`: an empty body, from the gateway. Reported.
    Empty,
    /// `gateway`: the gateway's JSON object with `statusCode` and `message`. Reported, mostly for 429.
    Gateway,
    /// `store`: the JSON object of the Store variant of the API: `code`, `message`, `details` and more. Parsed by clients of that
    /// variant.
    Store,
    /// `duplicate`: a JSON string with an embedded object that names the existing package, for status 301. Parsed by clients for
    /// games.
    Duplicate,
}

named! { ErrorShape, "error shape":
    "coded" = Coded,
    "message" = Message,
    "exception" = Exception,
    "empty" = Empty,
    "gateway" = Gateway,
    "store" = Store,
    "duplicate" = Duplicate,
}

impl ErrorShape {
    /// Returns a body of this shape. `None` for [`Empty`](Self::Empty).
    pub(crate) fn body(self, status: u16) -> Option<Value> {
        let body = match self {
            Self::Coded => coded(u32::from(status) + 50_000, &[]),
            Self::Message => "Error injected by the sandbox.".into(),
            Self::Exception => exception(status, "sandbox", "Error injected by the sandbox."),
            Self::Empty => return None,
            Self::Gateway => json!({"statusCode": status, "message": "Error injected by the sandbox."}),
            Self::Store => json!({
                "code": "InvalidState",
                "message": "Error injected by the sandbox.",
                "details": [],
                "data": [],
                "innererror": {},
                "source": "sandbox",
                "target": "request",
            }),
            Self::Duplicate => duplicate(&guid(), "package.zip"),
        };
        Some(body)
    }
}

/// Returns a code, a sentence and an embedded JSON object with the messages of each field, in the recorded form and order.
pub(crate) fn coded(fault: u32, fields: &[(&str, &str)]) -> Value {
    let (sentence, reason) = match fault {
        50_400 => ("Unable to complete request.", "Request validation failed."),
        _ => ("The request was rejected.", "The request was rejected."),
    };
    let (correlation, operation) = (guid(), uuid::Uuid::new_v4().simple().to_string());
    let data = fields.iter().map(|(field, message)| format!("{}:{}", json!(field), json!([message])));
    let data = data.collect::<Vec<_>>().join(",");
    let detail = format!(
        r#"{{"faultCode":{fault},"reasonPhrase":"{reason}","correlationId":"{correlation}","operationId":"{operation}","data":{{{data}}}}}"#
    );
    format!("ICH{fault} - {sentence} {detail}").into()
}

/// Returns the error that the service writes if one of its backends returns an error, in the reported form and order.
pub(crate) fn exception(status: u16, field: &str, message: &str) -> Value {
    let reason = StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason()).unwrap_or_default();
    let reason = reason.replace(' ', "");
    let (trace, span) = (uuid::Uuid::new_v4().simple().to_string(), uuid::Uuid::new_v4().simple().to_string());
    let problem = format!(
        r#"{{"errors":{{{}:{}}},"type":"https://tools.ietf.org/html/rfc9110#section-15.5.1","title":"One or more validation errors occurred.","status":{status},"traceId":"00-{trace}-{}-00"}}"#,
        json!(field),
        json!([message]),
        &span[..16]
    );
    let class = "Microsoft.Ingestion.Shared.WebApi.Client.ErrorHandler.RestClientException";
    let request = format!("Product request failed, API=GetProduct, HttpStatusCode={reason}");
    format!("{class}: {request}, ResponseContent={problem}").into()
}

/// Returns the error that names the package with the same file.
pub(crate) fn duplicate(to: &str, name: &str) -> Value {
    let detail = json!({
        "toId": to,
        "name": name,
        "uid": guid(),
        "processingState": "Processed",
        "validationItems": [],
    });
    format!("ICH50301 - The package was sent before. {detail}").into()
}
