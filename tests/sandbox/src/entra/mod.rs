//! The v1 and v2 token endpoints of Entra ID.

mod assertion;

pub(crate) use assertion::TrustedKeys;

use crate::message::{Reply, Request, guid, pairs};
use crate::model::{Model, Token};
use http::StatusCode;
use serde_json::{Value, json};
use std::time::Duration;

/// The audience that the service accepts.
const AUDIENCE: &str = "https://api.partner.microsoft.com";

/// RFC 7523 section 2.2.
const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// Parses a path of the form `/{tenant}/oauth2[/v2.0]/token` into the tenant and whether it is v2.
pub(crate) fn route(path: &str) -> Option<(&str, bool)> {
    let path = path.strip_prefix('/')?;
    match path.strip_suffix("/oauth2/v2.0/token") {
        Some(tenant) => Some((tenant, true)),
        None => Some((path.strip_suffix("/oauth2/token")?, false)),
    }
}

pub(crate) fn token(model: &mut Model, request: &Request, tenant: &str, v2: bool) -> Reply {
    if request.method != http::Method::POST {
        return Reply::empty(StatusCode::METHOD_NOT_ALLOWED);
    }
    let form = pairs(&String::from_utf8_lossy(&request.body));
    let get = |name: &str| form.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    if tenant != model.account.tenant {
        return oauth_error(400, "invalid_request", 90_002, "Tenant not found.");
    }
    let Some(grant) = get("grant_type") else {
        return missing_field("grant_type");
    };
    if grant != "client_credentials" {
        return oauth_error(400, "unsupported_grant_type", 70_003, "The grant type is not supported.");
    }
    let Some(client) = get("client_id") else {
        return missing_field("client_id");
    };
    if client != model.account.client_id {
        return oauth_error(400, "unauthorized_client", 700_016, "The application was not found in the directory.");
    }
    if let Some(error) = check_credential(model, request, &get) {
        return error;
    }
    let audience_error = match (v2, get("resource"), get("scope")) {
        (true, Some(_), _) => {
            Some(oauth_error(400, "invalid_request", 901_002, "The resource parameter is not supported."))
        }
        (true, None, None) => Some(missing_field("scope")),
        (true, None, Some(scope)) => match scope.strip_suffix("/.default") {
            None => Some(oauth_error(400, "invalid_scope", 70_011, "The scope is not valid.")),
            Some(AUDIENCE) => None,
            Some(_) => Some(oauth_error(400, "invalid_resource", 500_011, "The resource principal was not found.")),
        },
        (false, Some(AUDIENCE), _) => None,
        (false, Some(_), _) => {
            Some(oauth_error(400, "invalid_resource", 500_011, "The resource principal was not found."))
        }
        (false, None, _) => Some(missing_field("resource")),
    };
    audience_error.unwrap_or_else(|| issue_token(model, v2))
}

/// Checks the credential of the application. Returns Entra ID's error if it is invalid.
fn check_credential<'f>(model: &Model, request: &Request, get: &impl Fn(&str) -> Option<&'f str>) -> Option<Reply> {
    let invalid = |code, message: &str| Some(oauth_error(401, "invalid_client", code, message));
    match (get("client_secret"), get("client_assertion")) {
        (Some(secret), None) if secret == model.account.secret => None,
        (Some(_), None) => invalid(7_000_215, "Invalid client secret provided."),
        (None, Some(assertion)) => {
            if get("client_assertion_type") != Some(JWT_BEARER) {
                return Some(missing_field("client_assertion_type"));
            }
            let endpoint = format!("{}{}", model.origin, request.path);
            let client = &model.account.client_id;
            let checked = model.account.trusted_keys.check(assertion, client, &endpoint, model.clock.wall());
            checked.err().and_then(|rejected| invalid(rejected.0, rejected.1))
        }
        (None, None) => invalid(7_000_218, "The body must contain client_assertion or client_secret."),
        (Some(_), Some(_)) => Some(oauth_error(400, "invalid_request", 90_014, "One credential is expected, not two.")),
    }
}

/// Creates a token that is valid for this time.
pub(crate) fn new_token(model: &mut Model, lifetime: Duration) -> String {
    let token = format!("sandbox.{}", guid());
    let expires_at = model.clock.now() + lifetime;
    model.tokens.insert(token.clone(), Token { expires_at });
    token
}

fn issue_token(model: &mut Model, v2: bool) -> Reply {
    let lifetime = model.token_lifetime;
    let token = new_token(model, lifetime);
    model.issued_tokens += 1;
    let seconds = lifetime.as_secs();
    // The v1 endpoint writes its numbers as strings.
    let body = if v2 {
        json!({"token_type": "Bearer", "expires_in": seconds, "ext_expires_in": seconds, "access_token": token})
    } else {
        let now = model.clock.wall().duration_since(std::time::UNIX_EPOCH).unwrap_or(Duration::ZERO).as_secs();
        json!({
            "token_type": "Bearer",
            "expires_in": seconds.to_string(),
            "ext_expires_in": seconds.to_string(),
            "expires_on": (now + seconds).to_string(),
            "not_before": now.saturating_sub(300).to_string(),
            "resource": AUDIENCE,
            "access_token": token,
        })
    };
    Reply::ok(body)
}

fn missing_field(field: &str) -> Reply {
    let message = format!("The request body must contain the parameter {field}.");
    oauth_error(400, "invalid_request", 900_144, &message)
}

fn oauth_error(status: u16, error: &str, code: u32, message: &str) -> Reply {
    let (trace, correlation) = (guid(), guid());
    let body: Value = json!({
        "error": error,
        "error_description": format!("AADSTS{code}: {message}\r\nTrace ID: {trace}\r\nCorrelation ID: {correlation}\r\nTimestamp: 2026-01-01 00:00:00Z"),
        "error_codes": [code],
        "timestamp": "2026-01-01 00:00:00Z",
        "trace_id": trace,
        "correlation_id": correlation,
        "error_uri": format!("https://login.microsoftonline.com/error?code={code}"),
    });
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
    Reply::json(status, body).noted(format!("AADSTS{code}: {message}"))
}
