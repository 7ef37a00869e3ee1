//! The random faults of a run, all chosen before it starts.

use fastrand::Rng;
use partner_sandbox::{Calls, Fault, Sandbox};
use std::time::Duration;

/// A delay after which every attempt has timed out.
const TOO_LONG: Duration = Duration::from_secs(300);

/// Returns a fault of a call that is processed, but whose response does not arrive.
pub(super) fn lost_response(rng: &mut Rng) -> Fault {
    match rng.u8(0..6) {
        0 => Fault::drop_response(),
        1 => Fault::truncate_body(),
        2 => Fault::stall(),
        3 => Fault::status(200).after_processing(),
        4 => Fault::status(500).after_processing(),
        _ => Fault::status(504).header("content-type", "text/html").body("<html></html>").after_processing(),
    }
}

/// Returns a fault of a call that is not processed, or late.
fn refusal(rng: &mut Rng) -> Fault {
    let html = |status| Fault::status(status).header("content-type", "text/html").body("<html></html>");
    match rng.u8(0..15) {
        0 | 1 => Fault::reset(),
        2 => Fault::status(429).header("Retry-After", ["0", "2"][rng.usize(0..2)]),
        3 => Fault::status(429).body("Rate limit is exceeded. Try again in 3 seconds."),
        4 => Fault::status(500),
        5 => Fault::status(503),
        6 => Fault::status(503).header("Retry-After", "1"),
        7 => html(502),
        8 => Fault::status(408),
        9 => Fault::status(409).header("content-type", "application/json").body("\"The state does not allow it.\""),
        10 => Fault::status(412),
        11 => Fault::status(404),
        12 => Fault::status(401),
        13 => Fault::delay(Duration::from_millis(rng.u64(0..5_000))),
        _ => Fault::delay(TOO_LONG),
    }
}

fn any(rng: &mut Rng) -> Fault {
    if rng.bool() { lost_response(rng) } else { refusal(rng) }
}

/// Returns a fault of the blob store or of Entra ID. A store that refuses a read, or returns another file, is not one: `ensure_*` takes
/// it as another file.
fn of_host(rng: &mut Rng) -> Fault {
    match rng.u8(0..4) {
        0 => Fault::reset(),
        1 => Fault::drop_response(),
        2 => Fault::status(500),
        _ => Fault::status(503),
    }
}

/// Injects up to `faults` faults. On average, each follows after `gap` normal calls.
pub(super) fn inject(sandbox: &Sandbox, rng: &mut Rng, faults: usize, gap: usize) {
    for (calls, share) in [(Calls::any as fn() -> Calls, 1), (Calls::uploads, 8), (Calls::tokens, 8)] {
        for _ in 0..faults / share {
            skip(sandbox, calls, rng.usize(0..=2 * gap / share));
            let fault = if share == 1 { any(rng) } else { of_host(rng) };
            sandbox.fail(calls(), fault, 1);
        }
    }
}

/// The creations that workflows search for, and the promotion.
const FOUND: [&str; 4] = [
    "/products",
    "/products/{productID}/variants",
    "/products/{productID}/submissions",
    "/products/{productID}/submissions/{submissionID}/promote",
];

/// Injects one lost response: of one of the first `calls` calls, of a PUT to the listing, or of a creation.
pub(super) fn inject_one(sandbox: &Sandbox, rng: &mut Rng, calls: usize) {
    let one = match rng.u8(0..6) {
        0 | 1 => {
            skip(sandbox, Calls::any, rng.usize(0..calls));
            Calls::any()
        }
        2 => Calls::of("PUT", "/products/{productID}/listings/{listingID}"),
        _ => Calls::of("POST", FOUND[rng.usize(0..FOUND.len())]),
    };
    sandbox.fail(one, lost_response(rng), 1);
}

/// Leaves a number of calls without a fault.
fn skip(sandbox: &Sandbox, calls: fn() -> Calls, number: usize) {
    if number > 0 {
        sandbox.fail(calls(), Fault::delay(Duration::ZERO), number);
    }
}
