//! The error kind and the hint of each AADSTS code of the client-credentials flow.
//!
//! Microsoft documents the codes as diagnostics that may change. Status and `error` therefore decide the kind, and a known code
//! refines it.

use crate::ErrorKind::{self, *};

const WRONG_SECRET: &str = "Use the Value of the client secret, not its Secret ID, check that it belongs to this client id, and wait \
a few seconds if it was just created.";
const EXPIRED_SECRET: &str =
    "Replace the expired client secret (App registrations > Certificates & secrets), or use a certificate.";
const MISSING_FIELD: &str =
    "Check the client id, the secret and the audience: a field of the token request is missing or malformed.";
const UNKNOWN_APP: &str = "Check the client id and the tenant id: the application must exist in the tenant that is associated in \
Partner Center.";
const PUBLIC_APP: &str =
    "Turn off 'Allow public client flows' for the application: a public client cannot use a secret.";
const UNKNOWN_TENANT: &str = "Check the tenant id, and set AZURE_AUTHORITY_HOST if the tenant is in a national cloud.";
const BAD_TENANT: &str =
    "Specify the tenant as a GUID or a domain name, not as `common`, `organizations` or `consumers`.";
const OTHER_CLOUD: &str = "Set AZURE_AUTHORITY_HOST to the sign-in address of the tenant's cloud.";
const UNKNOWN_RESOURCE: &str = "Associate the application in Partner Center (Account settings > User management > Microsoft Entra \
applications), or correct the audience, which is https://api.partner.microsoft.com without a trailing slash.";
const DISABLED_RESOURCE: &str =
    "Ask an administrator of the tenant to enable the audience, which is disabled or not subscribed.";
const CONSENT: &str =
    "Ask an administrator of the tenant to grant consent to the application (App registrations > API permissions).";
const BAD_SCOPE: &str = "Request exactly one scope from the v2 endpoint: the audience followed by /.default.";
const RESOURCE_ON_V2: &str = "Use Endpoint::V1 for a resource and Endpoint::V2 for a scope.";
const BAD_ASSERTION: &str = "Upload this certificate to the application, or use the key of an uploaded certificate.";
const STALE_ASSERTION: &str = "Set this machine's clock: the assertion is not valid at this time.";
const NO_FEDERATION: &str = "Add a federated credential with this issuer, subject and audience to the application.";
const POLICY: &str =
    "Ask an administrator of the tenant to exclude the application from the Conditional Access policy that blocks it.";
const LOOP: &str = "Share one TokenSource between all tasks, and wait at least a minute before the next request.";
const OUTAGE: &str = "Try again later: Entra ID is temporarily unavailable.";
const SERVER: &str = "Try again later, and contact Microsoft support with the trace id if the error persists.";

/// Returns the kind and the hint of a known code.
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

/// Returns the kind for a status and an `error` (RFC 6749 section 5.2).
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
