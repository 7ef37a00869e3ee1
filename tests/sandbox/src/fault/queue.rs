//! The pending faults of a sandbox.

use super::{Calls, Destination, Fault, Kind};
use crate::clock::Moment;
use crate::message::JSON;
use serde_json::json;
use std::time::Duration;

/// The pending faults, in the order in which they were added.
#[derive(Default)]
pub(crate) struct Faults {
    scripted: Vec<Scripted>,
    random: Option<RandomFaults>,
}

/// Random faults. The same seed and order of calls result in the same faults.
struct RandomFaults {
    state: u64,
    percent: u8,
}

impl RandomFaults {
    /// Returns a random number below `bound` (splitmix64).
    fn below(&mut self, bound: u64) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.state ^ (self.state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }

    fn fault(&mut self) -> Option<Fault> {
        if self.below(100) >= u64::from(self.percent) {
            return None;
        }
        let fault = match self.below(8) {
            0 => Fault::reset(),
            1 => Fault::drop_response(),
            2 => Fault::truncate_body(),
            3 => Fault::status(429).header("Retry-After", "0"),
            4 => Fault::status(500),
            5 => Fault::status(502).header("content-type", "text/html").body("<html></html>"),
            6 => Fault::status(503).header("Retry-After", "0"),
            _ => Fault::status(408),
        };
        Some(fault)
    }
}

struct Scripted {
    calls: Calls,
    fault: Fault,
    left: usize,
    bucket: Bucket,
}

/// A token bucket.
#[derive(Default)]
struct Bucket {
    allowed: f64,
    filled_at: Option<Moment>,
}

impl Bucket {
    fn allows(&mut self, per_second: u32, now: Moment) -> bool {
        let full = f64::from(per_second);
        self.allowed = match self.filled_at {
            Some(then) => (self.allowed + now.saturating_sub(then).as_secs_f64() * full).min(full),
            None => full,
        };
        self.filled_at = Some(now);
        let allowed = self.allowed >= 1.0;
        if allowed {
            self.allowed -= 1.0;
        }
        allowed
    }
}

impl Faults {
    pub(crate) fn add(&mut self, calls: Calls, fault: Fault, times: usize) {
        self.scripted.push(Scripted { calls, fault, left: times, bucket: Bucket::default() });
    }

    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    /// Describes the pending faults.
    pub(crate) fn pending(&self) -> Vec<String> {
        let scripted = self.scripted.iter().map(|scripted| {
            let times =
                if scripted.left == usize::MAX { "always".to_owned() } else { format!("{} times", scripted.left) };
            format!("{}: {}, {times}", scripted.calls, scripted.fault)
        });
        let random = self.random.iter().map(|random| format!("any call: random faults, {} percent", random.percent));
        scripted.chain(random).collect()
    }

    pub(crate) fn inject_random(&mut self, seed: u64, percent: u8) {
        self.random = Some(RandomFaults { state: seed, percent });
    }

    /// Takes the fault for this call, if there is one.
    pub(crate) fn take(&mut self, destination: &Destination<'_>, now: Moment) -> Option<Fault> {
        let mut matching = self.scripted.iter_mut().filter(|scripted| scripted.calls.include(destination));
        let scripted = matching.find_map(|scripted| match scripted.fault.kind {
            _ if scripted.left == 0 => None,
            Kind::RateLimit(rate) if scripted.bucket.allows(rate, now) => None,
            _ => Some(scripted),
        });
        let Some(scripted) = scripted else {
            let random = self.random.as_mut().filter(|_| matches!(destination, Destination::Operation { .. }))?;
            return random.fault();
        };
        scripted.left -= 1;
        let fault = match scripted.fault.kind {
            Kind::RateLimit(_) => rate_limit_response(scripted.fault.delay),
            _ => scripted.fault.clone(),
        };
        self.scripted.retain(|scripted| scripted.left > 0);
        Some(fault)
    }
}

/// The 429 response of the gateway.
fn rate_limit_response(delay: Duration) -> Fault {
    let body = json!({"statusCode": 429, "message": "Rate limit is exceeded. Try again in 1 seconds."});
    let fault = Fault::status(429).header("Retry-After", "1");
    let fault = fault.header("content-type", JSON);
    fault.body(body.to_string()).after(delay)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fault::Disconnect;

    fn status(fault: Option<Fault>) -> Option<u16> {
        match fault?.kind {
            Kind::Respond { status, .. } => Some(status),
            _ => None,
        }
    }

    #[test]
    fn faults_are_applied_in_order() {
        let mut faults = Faults::default();
        faults.add(Calls::of("get", "/Products"), Fault::status(503), 2);
        faults.add(Calls::any(), Fault::status(500), 1);
        faults.add(Calls::tokens(), Fault::status(429), 1);
        let list = Destination::Operation { method: "GET", template: "/products" };
        let create = Destination::Operation { method: "POST", template: "/products" };
        assert_eq!(status(faults.take(&create, Moment::ZERO)), Some(500));
        assert_eq!(status(faults.take(&create, Moment::ZERO)), None);
        assert_eq!(status(faults.take(&list, Moment::ZERO)), Some(503));
        assert_eq!(status(faults.take(&list, Moment::ZERO)), Some(503));
        assert_eq!(status(faults.take(&list, Moment::ZERO)), None);
        assert_eq!(status(faults.take(&Destination::Uploads, Moment::ZERO)), None);
        assert_eq!(status(faults.take(&Destination::Tokens, Moment::ZERO)), Some(429));
        faults.add(Calls::uploads(), Fault::drop_response(), 9);
        faults.clear();
        assert!(faults.take(&Destination::Uploads, Moment::ZERO).is_none());
    }

    #[test]
    fn ignores_invalid_headers() {
        let Kind::Respond { headers, body, .. } = Fault::status(200).header("a b", "c").header("a", "b\n").kind else {
            panic!("not a response")
        };
        assert!(headers.is_empty() && body.is_empty());
        assert!(matches!(
            Fault::drop_response().body("x").header("a", "b").kind,
            Kind::Disconnect(Disconnect::BeforeResponse)
        ));
    }

    #[test]
    fn rate_limit_rejects_only_calls_above_it() {
        let mut faults = Faults::default();
        faults.add(Calls::tokens(), Fault::rate_limit(2), 3);
        let mut at = |seconds: f64| status(faults.take(&Destination::Tokens, Duration::from_secs_f64(seconds)));
        assert_eq!([at(0.0), at(0.0), at(0.1)], [None, None, Some(429)]);
        assert_eq!([at(0.6), at(0.7)], [None, Some(429)], "one more call after half a second");
        assert_eq!([at(60.0), at(60.0), at(60.0)], [None, None, Some(429)], "bursts are limited");
        assert_eq!(at(60.0), None, "the fault applies three times");
    }

    #[test]
    fn random_faults_are_reproducible() {
        let list = Destination::Operation { method: "GET", template: "/products" };
        let faults_for = |seed| {
            let mut faults = Faults::default();
            faults.inject_random(seed, 5);
            let calls = (0..10_000).map(|_| faults.take(&list, Moment::ZERO).is_some());
            calls.collect::<Vec<bool>>()
        };
        let first = faults_for(7);
        assert_eq!(first, faults_for(7));
        assert_ne!(first, faults_for(8));
        let count = first.iter().filter(|fault| **fault).count();
        assert!((400..600).contains(&count), "{count} of 10,000");
        let mut faults = Faults::default();
        faults.inject_random(7, 100);
        assert!(faults.take(&Destination::Tokens, Moment::ZERO).is_none(), "not for tokens and uploads");
    }
}
