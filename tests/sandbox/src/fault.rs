//! Faults on demand: what the sandbox does to a call in place of its own answer, or before it.

use axum::http::header::{HeaderName, HeaderValue};
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
        Self(Target::Operation {
            method: method.to_owned(),
            path: path.to_owned(),
        })
    }

    fn include(&self, destination: &Destination<'_>) -> bool {
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
    /// The call is carried out, and its answer breaks off.
    Cut,
}

impl Fault {
    /// Answers with this status and no body; the call is not carried out.
    pub fn status(status: u16) -> Self {
        Self {
            kind: Kind::Answer {
                status,
                headers: Vec::new(),
                body: String::new(),
            },
            delay: Duration::ZERO,
        }
    }

    /// The call is carried out, and the connection breaks before its answer is there.
    pub fn cut() -> Self {
        Self {
            kind: Kind::Cut,
            delay: Duration::ZERO,
        }
    }

    /// The call is answered as ever, but only after this time.
    pub fn delay(time: Duration) -> Self {
        Self {
            kind: Kind::Own,
            delay: time,
        }
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
pub(crate) struct Faults(Vec<(Calls, Fault, usize)>);

impl Faults {
    pub(crate) fn add(&mut self, calls: Calls, fault: Fault, times: usize) {
        self.0.push((calls, fault, times));
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// The fault for this call, which is used up by it.
    pub(crate) fn take(&mut self, destination: &Destination<'_>) -> Option<Fault> {
        let at = self
            .0
            .iter()
            .position(|(calls, _, times)| *times > 0 && calls.include(destination))?;
        let (_, fault, times) = &mut self.0[at];
        *times -= 1;
        let fault = fault.clone();
        self.0.retain(|(_, _, times)| *times > 0);
        Some(fault)
    }
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
        let list = Destination::Operation {
            method: "GET",
            template: "/products",
        };
        let create = Destination::Operation {
            method: "POST",
            template: "/products",
        };
        assert_eq!(status(faults.take(&create)), Some(500));
        assert_eq!(status(faults.take(&create)), None);
        assert_eq!(status(faults.take(&list)), Some(503));
        assert_eq!(status(faults.take(&list)), Some(503));
        assert_eq!(status(faults.take(&list)), None);
        assert_eq!(status(faults.take(&Destination::Uploads)), None);
        assert_eq!(status(faults.take(&Destination::Tokens)), Some(429));
        faults.add(Calls::uploads(), Fault::cut(), 9);
        faults.clear();
        assert!(faults.take(&Destination::Uploads).is_none());
    }

    #[test]
    fn nonsense_is_left_out() {
        let Kind::Answer { headers, body, .. } = Fault::status(200).header("a b", "c").header("a", "b\n").kind else {
            panic!("an answer")
        };
        assert!(headers.is_empty() && body.is_empty());
        assert!(matches!(Fault::cut().body("x").header("a", "b").kind, Kind::Cut));
    }
}
