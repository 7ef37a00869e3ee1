//! The call log and the expectations of a test.

use crate::fault::{Calls, Destination};
use std::collections::VecDeque;
use std::fmt;
use std::ops::{Bound, RangeBounds};

/// Maximum size of the call log. The oldest calls are dropped, because the program may run for days.
const MAX_RECORDS: usize = 100_000;

/// One call received by the sandbox.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct CallRecord {
    /// The HTTP method.
    pub method: String,
    /// Path and query. The query of an upload URL is omitted, because it contains a signature.
    pub path: String,
    /// The operation of the document, such as `GET /products/{productID}`. `None` for tokens, uploads and undocumented routes.
    pub operation: Option<String>,
    /// The status of the response. 0 if the connection was closed before a response.
    pub status: u16,
    /// The reason of an error response, in more detail than the response.
    pub note: Option<String>,
    /// The value of the `If-Match` header.
    pub if_match: Option<String>,
    /// The value of the `Client-Request-ID` header.
    pub client_request_id: Option<String>,
}

/// A complete request and its response, including tokens and upload URLs.
#[derive(Clone)]
#[non_exhaustive]
pub struct Exchange {
    /// The entry in the call log.
    pub call: CallRecord,
    /// The unmodified path and query.
    pub target: String,
    /// Request headers. Names are in lower case.
    pub request_headers: Vec<(String, String)>,
    /// The request body.
    pub request_body: Vec<u8>,
    /// Response headers. Names are in lower case.
    pub response_headers: Vec<(String, String)>,
    /// The response body.
    pub response_body: Vec<u8>,
}

/// Prints only the log entry, because the rest may contain secrets.
impl fmt::Debug for Exchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exchange").field("call", &self.call).finish_non_exhaustive()
    }
}

/// The latest calls, oldest first.
#[derive(Default)]
pub(crate) struct Log(VecDeque<CallRecord>);

impl Log {
    pub(crate) fn push(&mut self, record: CallRecord) {
        if self.0.len() == MAX_RECORDS {
            self.0.pop_front();
        }
        self.0.push_back(record);
    }

    pub(crate) fn all(&self) -> Vec<CallRecord> {
        self.0.iter().cloned().collect()
    }
}

/// The expected number of calls.
struct Expectation {
    calls: Calls,
    min: usize,
    max: usize,
    count: usize,
}

#[derive(Default)]
pub(crate) struct Expectations(Vec<Expectation>);

impl Expectations {
    pub(crate) fn add(&mut self, calls: Calls, times: &impl RangeBounds<usize>) {
        let min = match times.start_bound() {
            Bound::Included(min) => *min,
            Bound::Excluded(less) => less.saturating_add(1),
            Bound::Unbounded => 0,
        };
        let max = match times.end_bound() {
            Bound::Included(max) => *max,
            Bound::Excluded(more) => more.saturating_sub(1),
            Bound::Unbounded => usize::MAX,
        };
        self.0.push(Expectation { calls, min, max, count: 0 });
    }

    pub(crate) fn count(&mut self, destination: &Destination<'_>) {
        for expected in self.0.iter_mut().filter(|expected| expected.calls.include(destination)) {
            expected.count += 1;
        }
    }

    /// Returns a message for each unmet expectation.
    pub(crate) fn unmet(&self) -> Vec<String> {
        let unmet = self.0.iter().filter(|e| !(e.min..=e.max).contains(&e.count));
        unmet
            .map(|e| {
                let expected = match (e.min, e.max) {
                    (min, max) if min == max => format!("{min}"),
                    (min, usize::MAX) => format!("{min} or more"),
                    (min, max) => format!("{min} to {max}"),
                };
                format!("{}: expected {expected}, got {}", e.calls, e.count)
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expectations_count_matching_calls() {
        let list = Destination::Operation { method: "GET", template: "/products" };
        let mut expected = Expectations::default();
        expected.add(Calls::of("GET", "/products"), &(2..=2));
        expected.add(Calls::any(), &(..2));
        expected.add(Calls::tokens(), &(1..));
        expected.add(Calls::uploads(), &(..));
        expected.count(&list);
        assert_eq!(expected.unmet(), ["GET /products: expected 2, got 1", "token requests: expected 1 or more, got 0"]);
        expected.count(&list);
        expected.count(&Destination::Tokens);
        assert_eq!(expected.unmet(), ["any call: expected 0 to 1, got 2"]);
    }

    #[test]
    fn log_drops_the_oldest_calls() {
        let mut log = Log::default();
        for status in 0..=MAX_RECORDS {
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
        assert_eq!((log.0.len(), log.0[0].status), (MAX_RECORDS, 1));
    }
}
