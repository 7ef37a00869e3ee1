//! The shapes that the service's refusals come in.

use crate::message::guid;
use crate::names::named;
use serde_json::{Value, json};
use std::fmt::Write as _;

/// A form in which the service, or what stands before it, says no.
///
/// ```
/// use partner_sandbox::{ErrorShape, Fault};
///
/// let refusal = Fault::refusal(403, ErrorShape::Message);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorShape {
    /// `coded`: a JSON string: a code such as `ICH50400`, a sentence, and a JSON object in the text. Recorded.
    Coded,
    /// `message`: a JSON string with a sentence alone. Reported.
    Message,
    /// `exception`: a JSON string that begins with the class of an exception and holds an ASP.NET problem. Reported in June 2026.
    Exception,
    /// `empty`: no body, from the gateway. Reported.
    Empty,
    /// `gateway`: the gateway's object of `statusCode` and `message`. Reported, above all for 429.
    Gateway,
    /// `store`: the object of the service's Store dialect: `code`, `message`, `details` and more. Read by clients of that dialect.
    Store,
    /// `duplicate`: a JSON string whose object names the package that was there before, for a 301. Read by clients for games.
    Duplicate,
}

named! { ErrorShape, "shape":
    "coded" = Coded,
    "message" = Message,
    "exception" = Exception,
    "empty" = Empty,
    "gateway" = Gateway,
    "store" = Store,
    "duplicate" = Duplicate,
}

impl ErrorShape {
    /// A body of this shape; none for the empty one.
    pub(crate) fn body(self, status: u16) -> Option<Value> {
        let body = match self {
            Self::Coded => coded(u32::from(status) + 50_000, "", "The sandbox was asked to refuse this."),
            Self::Message => "The sandbox was asked to refuse this.".into(),
            Self::Exception => exception(status, "sandbox", "The sandbox was asked to refuse this."),
            Self::Empty => return None,
            Self::Gateway => json!({"statusCode": status, "message": "The sandbox was asked to refuse this."}),
            Self::Store => json!({
                "code": "InvalidState",
                "message": "The sandbox was asked to refuse this.",
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

/// A code, a sentence, and the JSON object that says the same with the fields; an empty field stands for none.
pub(crate) fn coded(fault: u32, field: &str, message: &str) -> Value {
    let sentence = match fault {
        50_400 => "The request is not valid.",
        _ => "The request was refused.",
    };
    let mut detail = json!({
        "faultCode": fault,
        "reasonPhrase": sentence,
        "correlationId": guid(),
        "operationId": uuid::Uuid::new_v4().simple().to_string(),
        "data": {},
    });
    if !field.is_empty() {
        detail["data"][field] = json!([message]);
    }
    format!("ICH{fault}-{sentence} {detail}").into()
}

/// What the service writes when a service behind it refuses.
pub(crate) fn exception(status: u16, field: &str, message: &str) -> Value {
    let trace = uuid::Uuid::new_v4().simple().to_string();
    let problem = json!({
        "errors": {field: [message]},
        "type": "https://tools.ietf.org/html/rfc7231#section-6.5.1",
        "title": "One or more validation errors occurred.",
        "status": status,
        "traceId": format!("00-{trace}-0000000000000001-00"),
    });
    let mut text = "Microsoft.Ingestion.Shared.WebApi.Client.ErrorHandler.RestClientException: ".to_owned();
    // Writing into a text does not fail.
    let _ = write!(text, "API: sandbox, HttpStatusCode: {status}, ResponseContent: {problem}");
    text.into()
}

/// Which package the same file was sent as before.
pub(crate) fn duplicate(to: &str, name: &str) -> Value {
    let detail = json!({
        "toId": to,
        "name": name,
        "uid": guid(),
        "processingState": "Processed",
        "validationItems": [],
    });
    format!("ICH50301-The package was sent before. {detail}").into()
}
