//! The token endpoints of Entra ID, v1 and v2: check the form, count the grants, answer in Entra's forms.

mod assertion;

pub(crate) use assertion::Signers;

use crate::message::{Reply, Request, guid, pairs};
use crate::world::{Token, World};
use http::StatusCode;
use serde_json::{Value, json};
use std::time::Duration;

/// The audience that the service accepts.
const AUDIENCE: &str = "https://api.partner.microsoft.com";

/// RFC 7523 section 2.2.
const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// The version that a path of the form `/{tenant}/oauth2[/v2.0]/token` is for.
pub(crate) fn route(path: &str) -> Option<(&str, bool)> {
    let path = path.strip_prefix('/')?;
    match path.strip_suffix("/oauth2/v2.0/token") {
        Some(tenant) => Some((tenant, true)),
        None => Some((path.strip_suffix("/oauth2/token")?, false)),
    }
}

pub(crate) fn token(world: &mut World, request: &Request, tenant: &str, v2: bool) -> Reply {
    if request.method != http::Method::POST {
        return Reply::empty(StatusCode::METHOD_NOT_ALLOWED);
    }
    let form = pairs(&String::from_utf8_lossy(&request.body));
    let get = |name: &str| form.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    if tenant != world.account.tenant {
        return refuse(400, "invalid_request", 90_002, "Tenant not found.");
    }
    let Some(grant) = get("grant_type") else {
        return missing("grant_type");
    };
    if grant != "client_credentials" {
        return refuse(400, "unsupported_grant_type", 70_003, "The grant type is not supported.");
    }
    let Some(client) = get("client_id") else {
        return missing("client_id");
    };
    if client != world.account.client_id {
        return refuse(400, "unauthorized_client", 700_016, "The application was not found in the directory.");
    }
    if let Some(refusal) = proven(world, request, &get) {
        return refusal;
    }
    let refused = match (v2, get("resource"), get("scope")) {
        (true, Some(_), _) => Some(refuse(400, "invalid_request", 901_002, "The resource parameter is not supported.")),
        (true, None, None) => Some(missing("scope")),
        (true, None, Some(scope)) => match scope.strip_suffix("/.default") {
            None => Some(refuse(400, "invalid_scope", 70_011, "The scope is not valid.")),
            Some(AUDIENCE) => None,
            Some(_) => Some(refuse(400, "invalid_resource", 500_011, "The resource principal was not found.")),
        },
        (false, Some(AUDIENCE), _) => None,
        (false, Some(_), _) => Some(refuse(400, "invalid_resource", 500_011, "The resource principal was not found.")),
        (false, None, _) => Some(missing("resource")),
    };
    refused.unwrap_or_else(|| grant_token(world, v2))
}

/// Whether the application is who it says it is; if not, what Entra ID answers.
fn proven<'f>(world: &World, request: &Request, get: &impl Fn(&str) -> Option<&'f str>) -> Option<Reply> {
    let invalid = |code, message: &str| Some(refuse(401, "invalid_client", code, message));
    match (get("client_secret"), get("client_assertion")) {
        (Some(secret), None) if secret == world.account.secret => None,
        (Some(_), None) => invalid(7_000_215, "Invalid client secret provided."),
        (None, Some(assertion)) => {
            if get("client_assertion_type") != Some(JWT_BEARER) {
                return Some(missing("client_assertion_type"));
            }
            let endpoint = format!("{}{}", world.origin, request.path);
            let client = &world.account.client_id;
            let checked = world.account.signers.check(assertion, client, &endpoint, world.clock.wall());
            checked.err().and_then(|rejected| invalid(rejected.0, rejected.1))
        }
        (None, None) => invalid(7_000_218, "The body must contain client_assertion or client_secret."),
        (Some(_), Some(_)) => Some(refuse(400, "invalid_request", 90_014, "One credential is expected, not two.")),
    }
}

fn grant_token(world: &mut World, v2: bool) -> Reply {
    let token = format!("sandbox.{}", guid());
    let lifetime = world.token_lifetime;
    let expires_at = world.clock.now() + lifetime;
    world.tokens.insert(token.clone(), Token { expires_at });
    world.grants += 1;
    let seconds = lifetime.as_secs();
    // The v1 endpoint writes its numbers as strings.
    let body = if v2 {
        json!({"token_type": "Bearer", "expires_in": seconds, "ext_expires_in": seconds, "access_token": token})
    } else {
        let now = world.clock.wall().duration_since(std::time::UNIX_EPOCH).unwrap_or(Duration::ZERO).as_secs();
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

fn missing(field: &str) -> Reply {
    let message = format!("The request body must contain the parameter {field}.");
    refuse(400, "invalid_request", 900_144, &message)
}

fn refuse(status: u16, error: &str, code: u32, message: &str) -> Reply {
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
