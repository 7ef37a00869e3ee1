//! What a program knows about its requests: the claims that are compared with the state at the end.

use partner_ingestion_sdk::Error;
use partner_ingestion_sdk::types::SubmissionId;
use std::collections::BTreeSet;

/// What the outcome of a step claims.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Claim {
    /// The step began. If it is still this at the end, its future was dropped.
    Begun,
    Done,
    /// The error says that the request may have been processed.
    Unknown,
    /// The error says that nothing was done.
    Nothing,
}

impl Claim {
    fn of<T>(outcome: &Result<T, Error>) -> Self {
        match outcome {
            Ok(_) => Self::Done,
            Err(error) if error.may_have_been_processed() || error.may_conflict_with_own_retry() => Self::Unknown,
            Err(_) => Self::Nothing,
        }
    }
}

/// One change of the listing.
#[derive(Debug)]
pub(super) struct Change {
    pub(super) word: String,
    pub(super) claim: Claim,
}

/// The records of one kind that a program created: those whose ids it knows, and the attempts whose outcome is open.
#[derive(Debug, Default)]
pub(super) struct Records {
    pub(super) known: BTreeSet<String>,
    pub(super) open: usize,
    /// The record of the last success.
    pub(super) done: Option<String>,
    /// The record that an error named, to continue with.
    pub(super) unfinished: Option<String>,
}

impl Records {
    /// Begins an attempt, which is open until its outcome is known.
    pub(super) fn begin(&mut self) {
        self.open += 1;
    }

    /// The record to continue with. `ensure_*` finds a complete one.
    pub(super) fn to_resume(&self, ensures: bool) -> Option<String> {
        self.unfinished.clone().or_else(|| self.done.clone().filter(|_| !ensures))
    }

    pub(super) fn end(&mut self, outcome: Result<&str, &Error>) {
        let id = match outcome {
            Ok(id) => {
                self.done = Some(id.to_owned());
                Some(id)
            }
            Err(error) => {
                self.unfinished = error.unfinished_upload().map(str::to_owned).or(self.unfinished.take());
                error.unfinished_upload()
            }
        };
        let is_known = id.is_some() || outcome.is_err_and(|error| !error.may_have_been_processed());
        self.known.extend(id.map(str::to_owned));
        if is_known {
            self.open -= 1;
        }
    }
}

/// The log of one program. It survives when the program's future is dropped.
#[derive(Debug, Default)]
pub(super) struct Log {
    pub(super) changes: Vec<Change>,
    pub(super) packages: Records,
    pub(super) images: Records,
    /// The submissions of this program: created, adopted, or named in an error.
    pub(super) submissions: BTreeSet<SubmissionId>,
    /// The publications that ended without an id, although a submission may have been created.
    pub(super) open_submissions: usize,
    /// The submission to resume.
    pub(super) submission: Option<SubmissionId>,
    /// The submission that went live.
    pub(super) live: Option<SubmissionId>,
    pub(super) errors: Vec<String>,
    /// The number of futures that were dropped.
    pub(super) drops: usize,
}

impl Log {
    /// Begins a change with a new word.
    pub(super) fn begin_change(&mut self, program: usize) -> String {
        let word = format!("p{program}-{}", self.changes.len());
        self.changes.push(Change { word: word.clone(), claim: Claim::Begun });
        word
    }

    pub(super) fn end_change<T>(&mut self, outcome: &Result<T, Error>) {
        if let Some(last) = self.changes.last_mut() {
            last.claim = Claim::of(outcome);
        }
    }

    pub(super) fn done_changes(&self) -> usize {
        self.changes.iter().filter(|change| change.claim == Claim::Done).count()
    }
}
