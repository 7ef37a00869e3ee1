//! Responses of the token services of GitHub Actions and Azure Pipelines: no panic, no empty assertion, and no error that contains
//! the body.
#![no_main]

use http::StatusCode;
use libfuzzer_sys::fuzz_target;
use partner_auth::testing::parse_assertions;

const STATUSES: [StatusCode; 5] = [
    StatusCode::OK,
    StatusCode::CREATED,
    StatusCode::FOUND,
    StatusCode::FORBIDDEN,
    StatusCode::SERVICE_UNAVAILABLE,
];
const CANARY: &str = "canary 7f3a";

fuzz_target!(|data: &[u8]| {
    let Some((status, body)) = data.split_first() else { return };
    let status = STATUSES[usize::from(*status) % STATUSES.len()];
    for assertion in parse_assertions(status, body) {
        match assertion {
            Ok(text) => assert!(!text.is_empty() && status.is_success()),
            Err(error) => assert!(!format!("{error} {error:?} {error:#?}").contains(CANARY)),
        }
    }
});
