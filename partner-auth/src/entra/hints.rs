//! What the AADSTS codes of the client-credentials flow mean for the person who reads them.
//!
//! Microsoft calls the codes diagnostics that may change: status and `error` decide the kind, a known code refines it.

use crate::ErrorKind::{self, *};

const WRONG_SECRET: &str = "The client secret is wrong. Use the secret's Value, not its Secret ID, exactly as it was shown, and check \
that it belongs to this client id. A secret made seconds ago may need a moment.";
const EXPIRED_SECRET: &str = "The client secret has expired. Create a new one (App registrations > Certificates & secrets) or use a \
certificate.";
const MISSING_FIELD: &str =
    "A field of the token request is missing or malformed; check client id, secret and audience.";
const UNKNOWN_APP: &str = "The application is not in this tenant. Check client id and tenant id; they belong to the tenant that is \
associated in Partner Center.";
const PUBLIC_APP: &str = "The application is registered as a public client and may not use a secret. Turn off 'Allow public client \
flows', or register another one.";
const UNKNOWN_TENANT: &str = "The tenant was not found. Check the tenant id, and AZURE_AUTHORITY_HOST if the tenant lives in a \
national cloud.";
const BAD_TENANT: &str =
    "Give the tenant as a GUID or a domain name; `common`, `organizations` and `consumers` have no applications.";
const OTHER_CLOUD: &str =
    "The tenant lives in another cloud: set AZURE_AUTHORITY_HOST to that cloud's sign-in address.";
const UNKNOWN_RESOURCE: &str = "The audience is unknown in this tenant. Associate the application in Partner Center (Account settings > \
User management > Microsoft Entra applications), or correct the audience: https://api.partner.microsoft.com, without a slash at the end.";
const DISABLED_RESOURCE: &str =
    "The audience is disabled or not subscribed in this tenant; ask the tenant's administrator.";
const CONSENT: &str =
    "An administrator of the tenant has to grant consent to the application (App registrations > API permissions).";
const BAD_SCOPE: &str = "With the v2 endpoint ask for exactly one scope, the audience followed by /.default.";
const RESOURCE_ON_V2: &str =
    "The v2 endpoint takes a scope, not a resource; choose Endpoint::V1 or Endpoint::V2 accordingly.";
const BAD_ASSERTION: &str = "The assertion's signature or certificate is not accepted: upload this certificate to the application, or \
use the key that belongs to it.";
const STALE_ASSERTION: &str = "The assertion is not valid at this time. Check this machine's clock.";
const NO_FEDERATION: &str = "The application has no federated credential with this issuer, subject and audience.";
const POLICY: &str =
    "A Conditional Access policy of the tenant blocks the application; ask the tenant's administrator.";
const LOOP: &str = "Too many token requests for this application. Share one TokenSource between all tasks and processes where you \
can, and wait at least a minute.";
const OUTAGE: &str = "Entra ID is in trouble. Try again later; a token that is still valid keeps working.";
const SERVER: &str = "Entra ID failed. If it lasts, give the trace id to Microsoft's support.";

/// Kind and next step for a known code.
pub(crate) fn lookup(code: u32) -> Option<(ErrorKind, &'static str)> {
    Some(match code {
        7_000_215 | 70_002 => (Credential, WRONG_SECRET),
        7_000_222 => (Credential, EXPIRED_SECRET),
        7_000_216 | 7_000_218 | 900_144 | 90_014 => (Config, MISSING_FIELD),
        700_016 | 700_011 | 7_000_112 | 70_001 => (Tenant, UNKNOWN_APP),
        700_025 => (Credential, PUBLIC_APP),
        90_002 => (Tenant, UNKNOWN_TENANT),
        900_023 | 90_019 | 50_059 | 9_001_023 | 50_194 => (Config, BAD_TENANT),
        90_038 => (Tenant, OTHER_CLOUD),
        500_011 => (Resource, UNKNOWN_RESOURCE),
        500_014 | 50_001 | 650_052 => (Resource, DISABLED_RESOURCE),
        65_001 | 90_094 | 650_057 => (Consent, CONSENT),
        70_011 | 28_002 | 700_022 | 700_023 | 1_002_012 => (Config, BAD_SCOPE),
        901_002 => (Config, RESOURCE_ON_V2),
        700_027 | 700_030 | 50_012 => (Credential, BAD_ASSERTION),
        700_024 | 500_133 => (ClockSkew, STALE_ASSERTION),
        70_021 | 700_210..=700_219 => (Credential, NO_FEDERATION),
        53_003 | 530_032 => (Blocked, POLICY),
        50_196 | 90_055 => (Throttled, LOOP),
        90_033 | 50_033 | 90_006 | 90_012 | 90_024 | 90_090 | 90_091 | 50_000 => (Transient, OUTAGE),
        90_036 | 90_092 | 50_086 => (Transient, SERVER),
        _ => return None,
    })
}

/// Kind by status and `error` alone (RFC 6749 section 5.2).
pub(crate) fn classify(status: u16, oauth_error: Option<&str>) -> ErrorKind {
    match (status, oauth_error) {
        (429, _) => Throttled,
        (408 | 500..=599, _) => Transient,
        (_, Some("temporarily_unavailable" | "server_error" | "timeout")) => Transient,
        (_, Some("invalid_client")) => Credential,
        (_, Some("unauthorized_client")) => Tenant,
        (_, Some("invalid_resource" | "invalid_target")) => Resource,
        (_, Some("invalid_scope" | "invalid_request")) => Config,
        (_, Some("invalid_grant" | "interaction_required" | "consent_required")) => Consent,
        (_, Some("access_denied")) => Blocked,
        _ => Protocol,
    }
}
