//! Parses the header `WWW-Authenticate`: no panic, and every result is a part of the input.
#![no_main]

use http::header::WWW_AUTHENTICATE;
use http::{HeaderMap, HeaderValue};
use libfuzzer_sys::fuzz_target;
use partner_auth::Challenge;

fuzz_target!(|data: &[u8]| {
    let Ok(value) = HeaderValue::from_bytes(data) else { return };
    let mut headers = HeaderMap::new();
    headers.insert(WWW_AUTHENTICATE, value);
    if let Some(challenge) = Challenge::from_headers(&headers) {
        assert!(data.to_ascii_lowercase().windows(6).any(|word| word == b"bearer"));
        let length = |text: Option<&str>| text.map_or(0, str::len);
        assert!(length(challenge.claims()) + length(challenge.error()) <= data.len());
        let _ = challenge.to_string();
    }
});
