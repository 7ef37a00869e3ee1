//! How a submission ends, decided by the test.

use crate::names::named;

/// What comes of a submission.
///
/// ```
/// use partner_sandbox::Verdict;
///
/// let verdict: Verdict = "fail-certification".parse().unwrap();
/// assert_eq!(verdict, Verdict::FailCertification);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verdict {
    /// `pass`: it reaches preview, and goes live when it is promoted, complete or not.
    Pass,
    /// `fail-creation`: it fails while it is created; the validations say why.
    FailCreation,
    /// `fail`: it fails after it was submitted.
    Fail,
    /// `fail-certification`: it fails in certification; the reports say so.
    FailCertification,
    /// `fail-promotion`: it reaches preview, and fails on the way to live.
    FailPromotion,
}

named! { Verdict, "verdict":
    "pass" = Pass,
    "fail-creation" = FailCreation,
    "fail" = Fail,
    "fail-certification" = FailCertification,
    "fail-promotion" = FailPromotion,
}
