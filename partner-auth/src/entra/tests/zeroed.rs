//! No copy of a token remains in memory after the token is dropped. Linux shows a process its own memory as a file.

use crate::entra::token_client::parse;
use std::fs::File;
use std::io::{BufRead, Read, Seek, SeekFrom};

/// Part of the token, each byte combined with `MASK`, so that the search does not find its own pattern.
const PATTERN: &[u8; 32] = b"~MVK?GBT~HPL;UXS~RJQ=DWN~CZA<OYF";
const MASK: u8 = 0x15;
const REPETITIONS: usize = 64;

fn unmasked() -> impl Iterator<Item = u8> {
    PATTERN.iter().map(|byte| byte ^ MASK)
}

/// Returns a response body with the token. Its memory is not zeroed: that is up to the function that gets it.
fn body(before: &str, after: &str) -> Vec<u8> {
    let mut body = Vec::with_capacity(before.len() + after.len() + PATTERN.len() * REPETITIONS);
    body.extend_from_slice(before.as_bytes());
    for _ in 0..REPETITIONS {
        body.extend(unmasked());
    }
    body.extend_from_slice(after.as_bytes());
    body
}

/// Counts the places of the pattern in the writable memory of this process. The stack of this thread is left out: the dynamic
/// linker saves registers there, which hold what was copied last.
fn copies() -> usize {
    let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
    let mut memory = File::open("/proc/self/mem").unwrap();
    let mut found = 0;
    let mut part = vec![0; 1 << 20];
    let first = PATTERN[0] ^ MASK;
    let on_stack = std::ptr::from_ref(&first).addr() as u64;
    for line in maps.lines().filter(|line| line.contains(" rw-p ")) {
        let (start, rest) = line.split_once('-').unwrap();
        let address = |text: &str| u64::from_str_radix(text, 16).unwrap();
        let (mut at, end) = (address(start), address(rest.split(' ').next().unwrap()));
        while at < end && !(at..end).contains(&on_stack) {
            let wanted = part.len().min((end - at) as usize);
            // Regions of the kernel, and those that another thread has just unmapped, cannot be read.
            if memory.seek(SeekFrom::Start(at)).is_err() || memory.read_exact(&mut part[..wanted]).is_err() {
                break;
            }
            // The standard library searches faster than an unoptimized test.
            let mut rest = &part[..wanted];
            while rest.skip_until(first).unwrap() > 0 {
                found += usize::from(
                    rest.len() >= PATTERN.len() && unmasked().skip(1).eq(rest[..PATTERN.len() - 1].iter().copied()),
                );
            }
            at += wanted as u64;
        }
        part.fill(0);
    }
    found
}

#[test]
fn no_copy_of_a_token_remains_in_memory() {
    let (token, end) = (r#"{"access_token":""#, r#"","token_type":"Bearer","expires_in":3599}"#);
    let issued = parse(200, body(token, end)).unwrap();
    assert!(copies() >= REPETITIONS, "a token in use is found");
    drop(issued);
    assert_eq!(copies(), 0, "after a token response");

    let bom = format!("\u{feff}{token}");
    let (error, code) = (r#"{"error":"invalid_client","access_token":""#, r#"{"error":{"code":"x"},"access_token":""#);
    for (before, after) in [
        (bom.as_str(), end),
        (token, r#"","token_type":"Bearer","expires_in":"soon"}"#),
        (token, r#"","token_type":"mac","expires_in":3599}"#),
        (token, r#"","token_type":"Bearer","expires_in":0}"#),
        (token, r#"","token_type":"Bearer""#),
        (error, r#""}"#),
        (code, r#""}"#),
        ("<html>", "</html>"),
    ] {
        for status in [200, 400, 503] {
            drop(parse(status, body(before, after)));
        }
        assert_eq!(copies(), 0, "after {before}{after}");
    }

    let ok = reqwest::StatusCode::OK;
    for (before, after) in [(r#"{"value":""#, r#""}"#), (r#"{"x":""#, r#"","value":"a"}"#), (r#"{"x":""#, "")] {
        let body = zeroize::Zeroizing::new(body(before, after));
        drop(crate::credential::oidc_endpoint::read("service", ok, &body, "value"));
        drop(body);
        assert_eq!(copies(), 0, "after an assertion: {before}{after}");
    }
}
