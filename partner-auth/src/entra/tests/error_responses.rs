//! Error responses: kind, codes, ids and hint.

use crate::entra::hints;
use crate::entra::token_client::{parse, parse_with};
use crate::{Error, ErrorKind};
use ErrorKind::*;
use http::{HeaderMap, HeaderValue};
use std::time::Duration;

fn error_for(status: u16, body: &str) -> Error {
    parse(status, body.as_bytes().to_vec()).err().unwrap()
}

/// Status, body, kind, whether it is retryable, the first code, `error`, the trace id.
type Case = (u16, &'static str, ErrorKind, bool, Option<u32>, Option<&'static str>, Option<&'static str>);

const CASES: [Case; 34] = [
    // As documented, with escaped line ends; and with spaces, as in newer responses.
    (
        401,
        r#"{"error":"invalid_client","error_description":"AADSTS7000215: Invalid client secret provided.\r\nTrace ID: 0000aaaa-11bb\r\nCorrelation ID: aaaa0000-bb11\r\nTimestamp: 2021-05-16 05:21:44Z","error_codes":[7000215],"timestamp":"2021-05-16 05:21:44Z","trace_id":"0000aaaa-11bb","correlation_id":"aaaa0000-bb11","error_uri":"https://login.microsoftonline.com/error?code=7000215"}"#,
        Credential,
        false,
        Some(7_000_215),
        Some("invalid_client"),
        Some("0000aaaa-11bb"),
    ),
    (
        400,
        r#"{"error":"unauthorized_client","error_description":"AADSTS700016: Application not found. Trace ID: 0000-1 Correlation ID: 0000-2 Timestamp: 2024-01-01 00:00:00Z"}"#,
        Tenant,
        false,
        Some(700_016),
        Some("unauthorized_client"),
        Some("0000-1"),
    ),
    (
        400,
        r#"{"error":"invalid_resource","error_codes":[500011]}"#,
        Resource,
        false,
        Some(500_011),
        Some("invalid_resource"),
        None,
    ),
    (
        400,
        r#"{"error":"invalid_request","error_codes":["90002"]}"#,
        Tenant,
        false,
        Some(90_002),
        Some("invalid_request"),
        None,
    ),
    (
        400,
        r#"{"error":"invalid_request","error_codes":[1,90002]}"#,
        Tenant,
        false,
        Some(90_002),
        Some("invalid_request"),
        None,
    ),
    (400, r#"{"error":"invalid_request","error_codes":[]}"#, Config, false, None, Some("invalid_request"), None),
    (
        400,
        r#"{"error":"invalid_request","error_codes":null,"error_description":null,"trace_id":null}"#,
        Config,
        false,
        None,
        Some("invalid_request"),
        None,
    ),
    (
        400,
        r#"{"error":"invalid_request","error_codes":{"a":1},"error_description":["x"],"trace_id":7}"#,
        Config,
        false,
        None,
        Some("invalid_request"),
        None,
    ),
    (
        400,
        r#"{"error":"invalid_scope","error_description":"AADSTS70011: x"}"#,
        Config,
        false,
        Some(70_011),
        Some("invalid_scope"),
        None,
    ),
    (
        401,
        r#"{"error":"invalid_client","error_codes":[700024]}"#,
        ClockSkew,
        false,
        Some(700_024),
        Some("invalid_client"),
        None,
    ),
    (
        401,
        r#"{"error":"invalid_client","error_codes":[123456789]}"#,
        Credential,
        false,
        Some(123_456_789),
        Some("invalid_client"),
        None,
    ),
    (
        401,
        r#"{"error":"invalid_client","error_codes":[99999999999,-1,1.5,true]}"#,
        Credential,
        false,
        None,
        Some("invalid_client"),
        None,
    ),
    (
        400,
        r#"{"error":"interaction_required","suberror":"basic_action","error_codes":[53003],"claims":"{}"}"#,
        Blocked,
        false,
        Some(53_003),
        Some("interaction_required"),
        None,
    ),
    (403, r#"{"error":"access_denied"}"#, Blocked, false, None, Some("access_denied"), None),
    (
        400,
        r#"{"error":"invalid_grant","error_codes":[65001]}"#,
        Consent,
        false,
        Some(65_001),
        Some("invalid_grant"),
        None,
    ),
    (
        400,
        r#"{"error":"invalid_grant","error_codes":[50196]}"#,
        Throttled,
        true,
        Some(50_196),
        Some("invalid_grant"),
        None,
    ),
    (
        503,
        r#"{"error":"temporarily_unavailable","error_codes":[90033]}"#,
        Transient,
        true,
        Some(90_033),
        Some("temporarily_unavailable"),
        None,
    ),
    (400, r#"{"error":"temporarily_unavailable"}"#, Transient, true, None, Some("temporarily_unavailable"), None),
    (400, r#"{"error":"server_error"}"#, Transient, true, None, Some("server_error"), None),
    (400, r#"{"error":"unheard_of"}"#, Protocol, false, None, Some("unheard_of"), None),
    // A gateway that repeats an error: the status takes precedence.
    (
        503,
        r#"{"error":"invalid_client","error_codes":[7000215]}"#,
        Transient,
        true,
        Some(7_000_215),
        Some("invalid_client"),
        None,
    ),
    (
        429,
        r#"{"error":"invalid_client","error_codes":[7000215]}"#,
        Throttled,
        true,
        Some(7_000_215),
        Some("invalid_client"),
        None,
    ),
    (502, r#"{"error":{"code":"BadGateway","message":"x"}}"#, Transient, true, None, Some("BadGateway"), None),
    // Not JSON.
    (429, "Too Many Requests", Throttled, true, None, None, None),
    (503, "<!DOCTYPE html><html>Service Unavailable</html>", Transient, true, None, None, None),
    (504, "", Transient, true, None, None, None),
    (500, "\u{feff}", Transient, true, None, None, None),
    (408, "", Transient, true, None, None, None),
    (404, "not found", Protocol, false, None, None, None),
    (400, "{\"error\":", Protocol, false, None, None, None),
    (400, "[\"invalid_client\"]", Protocol, false, None, None, None),
    (302, "", Protocol, false, None, None, None),
    // An error with a success status.
    (
        200,
        r#"{"error":"invalid_client","error_codes":[7000222],"trace_id":"0-1"}"#,
        Credential,
        false,
        Some(7_000_222),
        Some("invalid_client"),
        Some("0-1"),
    ),
    (
        200,
        "\u{feff}{\"error\":\"temporarily_unavailable\"}",
        Transient,
        true,
        None,
        Some("temporarily_unavailable"),
        None,
    ),
];

#[test]
fn classifies_error_responses() {
    for (status, body, kind, retryable, code, oauth_error, trace) in CASES {
        let error = error_for(status, body);
        assert_eq!((error.kind(), error.is_retryable()), (kind, retryable), "{body}");
        assert_eq!(error.status().map(|found| found.as_u16()), Some(status), "{body}");
        assert_eq!(error.aadsts_codes().first().copied(), code, "{body}");
        assert_eq!((error.oauth_error(), error.trace_id()), (oauth_error, trace), "{body}");
        let text = error.to_string();
        assert_eq!(text.lines().count(), 1, "{text}");
        let hint = error.hint().unwrap();
        assert!(!text.contains(hint) && hint.ends_with('.'), "{text}\n{hint}");
        assert_eq!(format!("{error:?}"), format!("{text}\n{hint}"));
        assert!(format!("{error:#?}").contains("oauth_error"), "{error:#?}");
        assert!(code.is_none_or(|code| text.contains(&code.to_string())), "{text}");
    }
}

#[test]
fn reads_ids_and_timestamp_of_the_documented_response() {
    let error = error_for(CASES[0].0, CASES[0].1);
    assert_eq!(error.correlation_id(), Some("aaaa0000-bb11"));
    assert_eq!(error.timestamp(), Some("2021-05-16 05:21:44Z"));
    assert!(error.hint().unwrap().contains("Value"));
    assert_eq!(error_for(CASES[1].0, CASES[1].1).correlation_id(), Some("0000-2"));
}

#[test]
fn keeps_headers_for_any_body() {
    let headers: HeaderMap = [("retry-after", "60"), ("x-ms-request-id", "0000-9"), ("content-type", "text/html")]
        .into_iter()
        .map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_static(value)))
        .collect();
    for body in ["Too Many Requests", "<html>", "", r#"{"error":"x"}"#] {
        let error = parse_with(429, headers.clone(), body.into()).err().unwrap();
        assert_eq!(error.retry_after(), Some(Duration::from_secs(60)), "{body}");
        assert_eq!(error.request_id(), Some("0000-9"), "{body}");
        assert!(error.to_string().contains("60 s"), "{error}");
    }
    // A date is relative to the `Date` of the response.
    for (retry_after, expected) in [
        ("Thu, 01 Jan 2026 00:01:30 GMT", Some(90)),
        ("Wed, 31 Dec 2025 00:00:00 GMT", Some(0)),
        ("tomorrow", None),
        ("-5", None),
    ] {
        let mut headers = HeaderMap::new();
        headers.insert("date", HeaderValue::from_static("Thu, 01 Jan 2026 00:00:00 GMT"));
        headers.insert("retry-after", HeaderValue::from_static(retry_after));
        let error = parse_with(503, headers, Vec::new()).err().unwrap();
        assert_eq!(error.retry_after(), expected.map(Duration::from_secs), "{retry_after}");
    }
}

#[test]
fn at_least_35_codes_have_a_kind_and_a_hint() {
    // Deliberately repeats the meaning of each code, from Microsoft's list of error codes.
    let table: [(ErrorKind, &[u32], &str); 16] = [
        (Credential, &[7_000_215, 70_002], "Secret ID"),
        (Credential, &[7_000_222], "expired"),
        (Config, &[7_000_216, 7_000_218, 900_144, 90_014], "field"),
        (Tenant, &[700_016, 700_011, 7_000_112, 70_001], "client id"),
        (Credential, &[700_025], "public client"),
        (Tenant, &[90_002], "tenant id"),
        (Config, &[900_023, 90_019, 50_059, 9_001_023, 50_194], "GUID"),
        (Tenant, &[90_038], "AZURE_AUTHORITY_HOST"),
        (Resource, &[500_011], "Partner Center"),
        (Resource, &[500_014, 50_001, 650_052], "administrator"),
        (Consent, &[65_001, 90_094, 650_057], "consent"),
        (Config, &[70_011, 28_002, 700_022, 700_023, 1_002_012], "/.default"),
        (Credential, &[700_027, 700_030, 50_012], "certificate"),
        (ClockSkew, &[700_024, 500_133], "clock"),
        (Credential, &[70_021, 700_211, 700_212, 700_213], "federated"),
        (Throttled, &[50_196, 90_055], "Share one"),
    ];
    let mut count = 0;
    for (kind, codes, words) in table {
        for code in codes {
            let (found, hint) = hints::lookup(*code).unwrap_or_else(|| panic!("AADSTS{code} is unknown"));
            assert_eq!(found, kind, "AADSTS{code}");
            assert!(hint.contains(words), "AADSTS{code}: {hint}");
            count += 1;
        }
    }
    assert!(count >= 35, "{count}");
    assert!(hints::lookup(1).is_none());
}
