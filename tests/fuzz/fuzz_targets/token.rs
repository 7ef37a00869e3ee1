//! Responses of the token endpoint: no panic, no empty token, and no error that contains the body.
#![no_main]

use libfuzzer_sys::fuzz_target;
use partner_auth::testing::parse_response;

const STATUSES: [u16; 8] = [200, 201, 302, 400, 401, 429, 500, 503];
const CANARY: &str = "canary 7f3a";

fuzz_target!(|data: &[u8]| {
    let Some((status, body)) = data.split_first() else { return };
    let status = STATUSES[usize::from(*status) % STATUSES.len()];
    match parse_response(status, body.to_vec()) {
        Ok(token) => assert!(!token.is_empty() && status < 300),
        Err(error) => {
            let text = format!("{error} {error:?}");
            assert!(error.to_string().lines().count() <= 2);
            assert!(error.aadsts_codes().len() <= 9);
            assert!(!text.contains(CANARY), "{text}");
        }
    }
});
