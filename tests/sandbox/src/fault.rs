//! Faults on demand: what the sandbox does to a call in place of its own answer, or before it.

use crate::clock::Moment;
use crate::message::JSON;
use crate::shape::ErrorShape;
use http::header::{HeaderName, HeaderValue};
use serde_json::json;
use std::fmt;
use std::time::Duration;

/// Which calls a fault is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Calls(Target);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Target {
    Any,
    Tokens,
    Uploads,
    Operation { method: String, path: String },
}

/// Where a call goes, as far as faults tell calls apart.
pub(crate) enum Destination<'c> {
    Tokens,
    Uploads,
    Operation { method: &'c str, template: &'c str },
}

impl Calls {
    /// Every call to the service; neither tokens nor uploads.
    pub fn any() -> Self {
        Self(Target::Any)
    }

    /// Token requests.
    pub fn tokens() -> Self {
        Self(Target::Tokens)
    }

    /// Files that are sent to upload addresses.
    pub fn uploads() -> Self {
        Self(Target::Uploads)
    }

    /// Calls of one operation: its method, and its path as the document has it, such as `/products/{productID}`.
    pub fn of(method: &str, path: &str) -> Self {
        Self(Target::Operation { method: method.to_owned(), path: path.to_owned() })
    }

    pub(crate) fn include(&self, destination: &Destination<'_>) -> bool {
        match (&self.0, destination) {
            (Target::Any, Destination::Operation { .. }) => true,
            (Target::Tokens, Destination::Tokens) | (Target::Uploads, Destination::Uploads) => true,
            (Target::Operation { method, path }, Destination::Operation { method: own, template }) => {
                method.eq_ignore_ascii_case(own) && path.eq_ignore_ascii_case(template)
            }
            _ => false,
        }
    }
}

impl fmt::Display for Calls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Target::Any => f.write_str("any call"),
            Target::Tokens => f.write_str("token requests"),
            Target::Uploads => f.write_str("uploads"),
            Target::Operation { method, path } => write!(f, "{method} {path}"),
        }
    }
}

/// What happens to a call.
///
/// ```
/// use partner_sandbox::Fault;
/// use std::time::Duration;
///
/// let busy = Fault::status(503).header("retry-after", "1").after(Duration::from_millis(20));
/// let refusal = Fault::status(400).body("\"ICH50400-The request is not valid.\"");
/// ```
#[derive(Clone, Debug)]
pub struct Fault {
    pub(crate) kind: Kind,
    pub(crate) delay: Duration,
}

#[derive(Clone, Debug)]
pub(crate) enum Kind {
    /// The call is answered as ever.
    Own,
    Answer {
        status: u16,
        headers: Vec<(HeaderName, HeaderValue)>,
        body: String,
    },
    Broken(Break),
    /// Only calls above this rate a second are refused.
    AboveRate(u32),
}

/// Where a connection breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Break {
    /// Before the call is carried out.
    Before,
    /// After it, and before the first byte of its answer.
    After,
    /// In the middle of the answer's body.
    Within,
    /// In the middle of the answer's body nothing comes any more, but the connection stays.
    Silent,
}

impl Fault {
    fn of(kind: Kind) -> Self {
        let delay = Duration::ZERO;
        Self { kind, delay }
    }

    /// Answers with this status and no body; the call is not carried out.
    pub fn status(status: u16) -> Self {
        Self::of(Kind::Answer { status, headers: Vec::new(), body: String::new() })
    }

    /// Answers with this status and a body in one of the service's shapes; the call is not carried out.
    pub fn refusal(status: u16, shape: ErrorShape) -> Self {
        let fault = Self::status(status);
        match shape.body(status) {
            Some(body) => fault.header("content-type", JSON).body(body.to_string()),
            None => fault,
        }
    }

    /// The connection breaks, and the call is not carried out.
    pub fn reset() -> Self {
        Self::of(Kind::Broken(Break::Before))
    }

    /// The call is carried out, and the connection breaks before its answer is there.
    pub fn cut() -> Self {
        Self::of(Kind::Broken(Break::After))
    }

    /// The call is carried out, and the connection breaks in the middle of its answer's body.
    pub fn torn() -> Self {
        Self::of(Kind::Broken(Break::Within))
    }

    /// The call is carried out, and in the middle of its answer's body nothing comes any more.
    pub fn stall() -> Self {
        Self::of(Kind::Broken(Break::Silent))
    }

    /// The call is answered as ever, but only after this time.
    pub fn delay(time: Duration) -> Self {
        Self { kind: Kind::Own, delay: time }
    }

    /// Calls above this rate are not carried out: 429 with the gateway's body and Retry-After. Up to a second's calls may come
    /// at once.
    pub fn above_rate(per_second: u32) -> Self {
        Self::of(Kind::AboveRate(per_second))
    }

    /// The body of the answer, as it stands.
    #[must_use]
    pub fn body(mut self, text: impl Into<String>) -> Self {
        if let Kind::Answer { body, .. } = &mut self.kind {
            *body = text.into();
        }
        self
    }

    /// Another header of the answer. What cannot be a header is left out.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        if let (Kind::Answer { headers, .. }, Ok(name), Ok(value)) = (&mut self.kind, name.parse(), value.parse()) {
            headers.push((name, value));
        }
        self
    }

    /// Only after this time.
    #[must_use]
    pub fn after(mut self, time: Duration) -> Self {
        self.delay = time;
        self
    }
}

/// The faults that are still to happen, in the order in which they were asked for.
#[derive(Default)]
pub(crate) struct Faults {
    planned: Vec<Planned>,
    noise: Option<Noise>,
}

/// Faults at random, the same ones for the same seed and order of calls.
struct Noise {
    state: u64,
    percent: u8,
}

impl Noise {
    /// A number below `bound` (splitmix64).
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
            1 => Fault::cut(),
            2 => Fault::torn(),
            3 => Fault::status(429).header("Retry-After", "0"),
            4 => Fault::status(500),
            5 => Fault::status(502).header("content-type", "text/html").body("<html></html>"),
            6 => Fault::status(503).header("Retry-After", "0"),
            _ => Fault::status(408),
        };
        Some(fault)
    }
}

struct Planned {
    calls: Calls,
    fault: Fault,
    left: usize,
    bucket: Bucket,
}

/// How many calls a rate still allows.
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
        self.planned.push(Planned { calls, fault, left: times, bucket: Bucket::default() });
    }

    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    pub(crate) fn disturb(&mut self, seed: u64, percent: u8) {
        self.noise = Some(Noise { state: seed, percent });
    }

    /// The fault for this call, which is used up by it.
    pub(crate) fn take(&mut self, destination: &Destination<'_>, now: Moment) -> Option<Fault> {
        let mut meant = self.planned.iter_mut().filter(|planned| planned.calls.include(destination));
        let planned = meant.find_map(|planned| match planned.fault.kind {
            _ if planned.left == 0 => None,
            Kind::AboveRate(rate) if planned.bucket.allows(rate, now) => None,
            _ => Some(planned),
        });
        let Some(planned) = planned else {
            let noise = self.noise.as_mut().filter(|_| matches!(destination, Destination::Operation { .. }))?;
            return noise.fault();
        };
        planned.left -= 1;
        let fault = match planned.fault.kind {
            Kind::AboveRate(_) => too_many(planned.fault.delay),
            _ => planned.fault.clone(),
        };
        self.planned.retain(|planned| planned.left > 0);
        Some(fault)
    }
}

/// The gateway's refusal, which says in words how long to wait.
fn too_many(delay: Duration) -> Fault {
    let body = json!({"statusCode": 429, "message": "Rate limit is exceeded. Try again in 1 seconds."});
    let fault = Fault::status(429).header("Retry-After", "1");
    let fault = fault.header("content-type", JSON);
    fault.body(body.to_string()).after(delay)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(fault: Option<Fault>) -> Option<u16> {
        match fault?.kind {
            Kind::Answer { status, .. } => Some(status),
            _ => None,
        }
    }

    #[test]
    fn faults_are_used_up_in_their_order() {
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
        faults.add(Calls::uploads(), Fault::cut(), 9);
        faults.clear();
        assert!(faults.take(&Destination::Uploads, Moment::ZERO).is_none());
    }

    #[test]
    fn nonsense_is_left_out() {
        let Kind::Answer { headers, body, .. } = Fault::status(200).header("a b", "c").header("a", "b\n").kind else {
            panic!("an answer")
        };
        assert!(headers.is_empty() && body.is_empty());
        assert!(matches!(Fault::cut().body("x").header("a", "b").kind, Kind::Broken(Break::After)));
    }

    #[test]
    fn a_rate_refuses_only_what_is_above_it() {
        let mut faults = Faults::default();
        faults.add(Calls::tokens(), Fault::above_rate(2), 3);
        let mut at = |seconds: f64| status(faults.take(&Destination::Tokens, Duration::from_secs_f64(seconds)));
        assert_eq!([at(0.0), at(0.0), at(0.1)], [None, None, Some(429)]);
        assert_eq!([at(0.6), at(0.7)], [None, Some(429)], "half a second for one more");
        assert_eq!([at(60.0), at(60.0), at(60.0)], [None, None, Some(429)], "no more than a second's at once");
        assert_eq!(at(60.0), None, "three were asked for");
    }

    #[test]
    fn noise_is_the_same_for_the_same_seed() {
        let list = Destination::Operation { method: "GET", template: "/products" };
        let strikes = |seed| {
            let mut faults = Faults::default();
            faults.disturb(seed, 5);
            let calls = (0..10_000).map(|_| faults.take(&list, Moment::ZERO).is_some());
            calls.collect::<Vec<bool>>()
        };
        let first = strikes(7);
        assert_eq!(first, strikes(7));
        assert_ne!(first, strikes(8));
        let count = first.iter().filter(|struck| **struck).count();
        assert!((400..600).contains(&count), "{count} of 10,000");
        let mut quiet = Faults::default();
        quiet.disturb(7, 100);
        assert!(quiet.take(&Destination::Tokens, Moment::ZERO).is_none(), "tokens and uploads are left alone");
    }
}
