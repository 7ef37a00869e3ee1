//! What a sandbox remembers of the calls that came, and what a test expects of them.

use crate::fault::{Calls, Destination};
use std::collections::VecDeque;
use std::fmt;
use std::ops::{Bound, RangeBounds};

/// The log keeps so many calls, the newest ones: a program runs for days.
const KEPT: usize = 100_000;

/// One call that came.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct CallRecord {
    /// The HTTP method.
    pub method: String,
    /// Path and query, without the signature of an upload address.
    pub path: String,
    /// The operation of the document that it was for, such as `GET /products/{productID}`; none for tokens, uploads and
    /// routes that the document does not have.
    pub operation: Option<String>,
    /// The status of the answer; 0 when the connection was broken instead.
    pub status: u16,
    /// Why it was refused, in more words than the service would use.
    pub note: Option<String>,
    /// The value of If-Match.
    pub if_match: Option<String>,
    /// The value of Client-Request-ID.
    pub client_request_id: Option<String>,
}

/// A call and its answer in full, tokens and upload addresses included: for tests that look at every byte.
#[derive(Clone)]
#[non_exhaustive]
pub struct Exchange {
    /// What the log says of it.
    pub call: CallRecord,
    /// Path and query as they came.
    pub target: String,
    /// Names in lower case.
    pub request_headers: Vec<(String, String)>,
    /// The body that was sent.
    pub request_body: Vec<u8>,
    /// Names in lower case.
    pub response_headers: Vec<(String, String)>,
    /// The body of the answer.
    pub response_body: Vec<u8>,
}

/// Secrets stay out of what a test prints.
impl fmt::Debug for Exchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exchange").field("call", &self.call).finish_non_exhaustive()
    }
}

/// The newest calls, oldest first.
#[derive(Default)]
pub(crate) struct Log(VecDeque<CallRecord>);

impl Log {
    pub(crate) fn push(&mut self, record: CallRecord) {
        if self.0.len() == KEPT {
            self.0.pop_front();
        }
        self.0.push_back(record);
    }

    pub(crate) fn all(&self) -> Vec<CallRecord> {
        self.0.iter().cloned().collect()
    }
}

/// How often calls have to come.
struct Expectation {
    calls: Calls,
    least: usize,
    most: usize,
    came: usize,
}

#[derive(Default)]
pub(crate) struct Expectations(Vec<Expectation>);

impl Expectations {
    pub(crate) fn add(&mut self, calls: Calls, times: &impl RangeBounds<usize>) {
        let least = match times.start_bound() {
            Bound::Included(least) => *least,
            Bound::Excluded(less) => less.saturating_add(1),
            Bound::Unbounded => 0,
        };
        let most = match times.end_bound() {
            Bound::Included(most) => *most,
            Bound::Excluded(more) => more.saturating_sub(1),
            Bound::Unbounded => usize::MAX,
        };
        self.0.push(Expectation { calls, least, most, came: 0 });
    }

    pub(crate) fn count(&mut self, destination: &Destination<'_>) {
        for expected in self.0.iter_mut().filter(|expected| expected.calls.include(destination)) {
            expected.came += 1;
        }
    }

    /// A sentence for each expectation that was not met.
    pub(crate) fn unmet(&self) -> Vec<String> {
        let unmet = self.0.iter().filter(|e| !(e.least..=e.most).contains(&e.came));
        unmet
            .map(|e| {
                let expected = match (e.least, e.most) {
                    (least, most) if least == most => format!("{least}"),
                    (least, usize::MAX) => format!("{least} or more"),
                    (least, most) => format!("{least} to {most}"),
                };
                format!("{}: {expected} expected, {} came", e.calls, e.came)
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expectations_count_what_they_are_for() {
        let list = Destination::Operation { method: "GET", template: "/products" };
        let mut expected = Expectations::default();
        expected.add(Calls::of("GET", "/products"), &(2..=2));
        expected.add(Calls::any(), &(..2));
        expected.add(Calls::tokens(), &(1..));
        expected.add(Calls::uploads(), &(..));
        expected.count(&list);
        assert_eq!(
            expected.unmet(),
            ["GET /products: 2 expected, 1 came", "token requests: 1 or more expected, 0 came"]
        );
        expected.count(&list);
        expected.count(&Destination::Tokens);
        assert_eq!(expected.unmet(), ["any call: 0 to 1 expected, 2 came"]);
    }

    #[test]
    fn the_log_forgets_the_oldest() {
        let mut log = Log::default();
        for status in 0..=KEPT {
            log.push(CallRecord {
                method: "GET".to_owned(),
                path: String::new(),
                operation: None,
                status: u16::try_from(status % 1000).unwrap_or_default(),
                note: None,
                if_match: None,
                client_request_id: None,
            });
        }
        assert_eq!((log.0.len(), log.0[0].status), (KEPT, 1));
    }
}
