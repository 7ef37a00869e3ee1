//! Success responses: documented, observed and hostile bodies.

use crate::ErrorKind;
use crate::entra::token_client::parse;
use std::time::Duration;

/// The lifetime in seconds and `refresh_in`, or the kind of the error.
type Expected = Result<(u64, Option<u64>), ErrorKind>;

const BAD: Expected = Err(ErrorKind::Protocol);

/// `expires_in` in every form, in an otherwise valid response.
const LIFETIMES: [(&str, Expected); 24] = [
    ("3600", Ok((3600, None))),
    ("\"3600\"", Ok((3600, None))),
    ("\" 3600 \"", Ok((3600, None))),
    ("\"+3600\"", Ok((3600, None))),
    ("3599.0", Ok((3599, None))),
    ("3599.9", Ok((3599, None))),
    ("\"3599.5\"", Ok((3599, None))),
    ("3.6e3", Ok((3600, None))),
    ("null", Ok((600, None))),
    ("1", Ok((1, None))),
    ("86399", Ok((86_399, None))),
    ("0", BAD),
    ("\"0\"", BAD),
    ("0.4", BAD),
    ("-1", BAD),
    ("\"-1\"", BAD),
    ("-0.5", BAD),
    ("1e30", BAD),
    ("\"1e30\"", BAD),
    ("18446744073709551615", BAD),
    ("99999999999999999999999999", BAD),
    ("\"soon\"", BAD),
    ("\"\"", BAD),
    ("{\"seconds\":3600}", BAD),
];

/// Whole bodies.
const BODIES: [(&str, Expected); 30] = [
    // As documented: v1 with strings, v2 with numbers.
    (
        r#"{"token_type":"Bearer","expires_in":"3600","ext_expires_in":"3600","expires_on":"1546469802","not_before":"1546465902","resource":"https://api.partner.microsoft.com","access_token":"t"}"#,
        Ok((3600, None)),
    ),
    (r#"{"token_type":"Bearer","expires_in":3599,"ext_expires_in":3599,"access_token":"t"}"#, Ok((3599, None))),
    (
        r#"{"token_type":"Bearer","expires_in":86399,"ext_expires_in":86399,"refresh_in":43199,"access_token":"t"}"#,
        Ok((86_399, Some(43_199))),
    ),
    // Mixed.
    (
        r#"{"token_type":"Bearer","expires_in":"86399","ext_expires_in":86399,"refresh_in":"43199","access_token":"t"}"#,
        Ok((86_399, Some(43_199))),
    ),
    (
        r#"{"token_type":"Bearer","expires_in":3599,"expires_on":1546469802,"not_before":"x","access_token":"t"}"#,
        Ok((3599, None)),
    ),
    (r#"{"token_type":"bearer","expires_in":3599,"access_token":"t"}"#, Ok((3599, None))),
    (r#"{"token_type":"BEARER","expires_in":3599,"access_token":"t"}"#, Ok((3599, None))),
    (r#"{"access_token":"t","token_type":"Bearer"}"#, Ok((600, None))),
    (r#"{"access_token":"t","token_type":"Bearer","refresh_in":null,"expires_in":null}"#, Ok((600, None))),
    (
        r#"{"access_token":"t","token_type":"Bearer","expires_in":3599,"scope":null,"id_token":7,"refresh_token":"r","new":{"a":[1]}}"#,
        Ok((3599, None)),
    ),
    ("\u{feff}{\"access_token\":\"t\",\"token_type\":\"Bearer\",\"expires_in\":3599}", Ok((3599, None))),
    (
        "\r\n{\r\n\"access_token\":\"t\",\r\n\"token_type\":\"Bearer\",\r\n\"expires_in\":\"3599\"\r\n}\r\n",
        Ok((3599, None)),
    ),
    (r#"{"access_token":"\u0074","token_type":"Bearer","expires_in":3599}"#, Ok((3599, None))),
    // Without a valid token.
    ("{}", BAD),
    ("[]", BAD),
    ("null", BAD),
    ("\"t\"", BAD),
    ("", BAD),
    ("   ", BAD),
    ("<html>sign in</html>", BAD),
    ("access_token=t&token_type=bearer", BAD),
    (r#"{"token_type":"Bearer","expires_in":3599}"#, BAD),
    (r#"{"access_token":"","token_type":"Bearer","expires_in":3599}"#, BAD),
    (r#"{"access_token":null,"token_type":"Bearer","expires_in":3599}"#, BAD),
    (r#"{"access_token":7,"token_type":"Bearer","expires_in":3599}"#, BAD),
    (r#"{"access_token":"a\nb","token_type":"Bearer","expires_in":3599}"#, BAD),
    (r#"{"access_token":"t","expires_in":3599}"#, BAD),
    (r#"{"access_token":"t","token_type":"pop","expires_in":3599}"#, BAD),
    (r#"{"access_token":"t","token_type":"Bearer","expires_in":3599"#, BAD),
    // Trailing data is ignored.
    (r#"{"access_token":"t","token_type":"Bearer","expires_in":3599}{}"#, Ok((3599, None))),
];

fn found(body: &str) -> Expected {
    let issued = parse(200, body.as_bytes().to_vec()).map_err(|error| error.kind())?;
    assert_eq!(issued.token.secret(), "t", "{body}");
    assert_eq!(issued.token.expires_at(), Some(issued.requested_at + issued.lifetime));
    Ok((issued.lifetime.as_secs(), issued.refresh_in.map(|after| after.as_secs())))
}

#[test]
fn parses_lifetimes_of_every_form() {
    for (lifetime, expected) in LIFETIMES {
        let body = format!(r#"{{"access_token":"t","token_type":"Bearer","expires_in":{lifetime}}}"#);
        assert_eq!(found(&body), expected, "{body}");
        // An invalid `refresh_in` fails like an invalid lifetime; zero is ignored.
        let body = format!(r#"{{"access_token":"t","token_type":"Bearer","expires_in":9,"refresh_in":{lifetime}}}"#);
        assert!(found(&body).is_err() || found(&body).unwrap().0 == 9, "{body}");
    }
}

#[test]
fn parses_success_responses() {
    for (body, expected) in BODIES {
        assert_eq!(found(body), expected, "{body}");
        // Other 2xx statuses are successes, too.
        let created = parse(201, body.as_bytes().to_vec()).map(|issued| issued.lifetime);
        assert_eq!(created.ok(), expected.ok().map(|(seconds, _)| Duration::from_secs(seconds)), "{body}");
    }
}

#[test]
fn errors_do_not_contain_the_body() {
    for body in [
        r#"{"access_token":"canary","token_type":"Bearer","expires_in":"canary"}"#,
        r#"{"access_token":"canary","token_type":"canary","expires_in":3}"#,
        r#"{"access_token":"canary\n","token_type":"Bearer","expires_in":3}"#,
        r#"{"error":"canary canary","error_description":"canary","trace_id":"<canary>","timestamp":"canary"}"#,
        "canary",
    ] {
        for status in [200, 400, 503] {
            let error = parse(status, body.as_bytes().to_vec()).err().unwrap();
            let mut text = format!("{error}{error:?}{error:#?}");
            let mut source = std::error::Error::source(&error);
            while let Some(cause) = source {
                text += &format!("{cause}{cause:?}");
                source = cause.source();
            }
            assert!(!text.contains("canary"), "{text}");
        }
    }
}
