//! The call log and the expectations of a test.

use crate::fault::{Calls, Destination};
use crate::kept::{Kept, MAX_TOTAL};
use std::collections::VecDeque;
use std::fmt;
use std::ops::{Bound, RangeBounds};
use std::time::{Duration, SystemTime};

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
    /// Whether the request violates the document. The note says how, even if the request was accepted as the service does.
    pub is_violation: bool,
    /// The value of the `If-Match` header.
    pub if_match: Option<String>,
    /// The value of the `Client-Request-ID` header.
    pub client_request_id: Option<String>,
    /// The request id of the response.
    pub request_id: Option<String>,
    /// When the request was received.
    pub time: SystemTime,
    /// The time from the request to its response, including the delay of an injected fault.
    pub duration: Duration,
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

/// A call in the log.
#[derive(Clone)]
pub(crate) struct Entry {
    /// The number of the call since the start, from 1.
    pub(crate) number: u64,
    pub(crate) call: CallRecord,
    /// `None` if recording is off, or the memory is used by later calls.
    pub(crate) kept: Option<Kept>,
}

/// The latest calls, oldest first.
#[derive(Default)]
pub(crate) struct Log {
    entries: VecDeque<Entry>,
    /// The number of the last call.
    last: u64,
    /// The size of all kept headers and bodies.
    size: usize,
    /// The number of the first call that may have kept bodies.
    first_kept: u64,
}

impl Log {
    pub(crate) fn push(&mut self, call: CallRecord, kept: Option<Kept>) {
        if self.entries.len() == MAX_RECORDS
            && let Some(Entry { kept: Some(kept), .. }) = self.entries.pop_front()
        {
            self.size -= kept.size();
        }
        self.size += kept.as_ref().map_or(0, Kept::size);
        self.last += 1;
        self.entries.push_back(Entry { number: self.last, call, kept });
        self.limit();
    }

    /// Drops the oldest bodies above the limit.
    fn limit(&mut self) {
        while self.size > MAX_TOTAL {
            let first = self.entries.front().map_or(self.last, |entry| entry.number);
            self.first_kept = self.first_kept.max(first);
            let at = usize::try_from(self.first_kept - first).unwrap_or_default();
            let Some(entry) = self.entries.get_mut(at) else { return };
            self.size -= entry.kept.take().map_or(0, |kept| kept.size());
            self.first_kept += 1;
        }
    }

    pub(crate) fn all(&self) -> Vec<CallRecord> {
        self.entries.iter().map(|entry| entry.call.clone()).collect()
    }

    /// Returns the calls after a number, newest first.
    pub(crate) fn newest(&self, after: u64) -> impl Iterator<Item = &Entry> {
        self.entries.iter().rev().take_while(move |entry| entry.number > after)
    }

    /// Forgets all calls. Their numbers are not used again.
    pub(crate) fn clear(&mut self) {
        self.entries.clear();
        self.size = 0;
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
    use crate::kept::Message;
    use http::HeaderMap;

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

    fn call(status: u16) -> CallRecord {
        CallRecord {
            method: "GET".to_owned(),
            path: String::new(),
            operation: None,
            status,
            note: None,
            is_violation: false,
            if_match: None,
            client_request_id: None,
            request_id: None,
            time: SystemTime::UNIX_EPOCH,
            duration: Duration::ZERO,
        }
    }

    #[test]
    fn log_drops_the_oldest_calls() {
        let mut log = Log::default();
        for status in 0..=MAX_RECORDS {
            log.push(call(u16::try_from(status % 1000).unwrap_or_default()), None);
        }
        assert_eq!((log.entries.len(), log.entries[0].call.status), (MAX_RECORDS, 1));
        let numbers = |log: &Log, after| log.newest(after).map(|entry| entry.number).collect::<Vec<_>>();
        assert_eq!(numbers(&log, 0).len(), MAX_RECORDS);
        assert_eq!(numbers(&log, 99_999), [100_001, 100_000]);
        assert_eq!(numbers(&log, 100_001), [0; 0]);
        log.clear();
        log.push(call(200), None);
        assert_eq!(numbers(&log, 0), [100_002]);
    }

    #[test]
    fn log_drops_the_oldest_bodies() {
        let mut log = Log::default();
        let body = vec![0; 256 << 10];
        let kept = || {
            let message = || Message::new(&HeaderMap::new(), &body);
            Some(Kept { request: message(), response: message() })
        };
        for _ in 0..70 {
            log.push(call(200), kept());
        }
        assert!(log.size <= MAX_TOTAL, "{}", log.size);
        let with_bodies = log.entries.iter().filter(|entry| entry.kept.is_some()).count();
        assert_eq!((log.entries.len(), with_bodies), (70, 64));
        assert!(log.entries[5].kept.is_none() && log.entries[6].kept.is_some());
        log.clear();
        log.push(call(200), kept());
        assert_eq!(log.size, 2 * body.len());
    }
}
