//! The outcome of a submission, set by the test.

use crate::names::named;

/// The outcome of a submission.
///
/// ```
/// use partner_sandbox::SubmissionOutcome;
///
/// let outcome: SubmissionOutcome = "fail-certification".parse().unwrap();
/// assert_eq!(outcome, SubmissionOutcome::FailCertification);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SubmissionOutcome {
    /// `pass`: the submission reaches preview, and goes live when it is promoted, even if its content is incomplete.
    Pass,
    /// `fail-creation`: the creation fails. The validations contain the reason.
    FailCreation,
    /// `fail`: the submission fails in automated validation, after it was submitted. The workflow details name the step.
    Fail,
    /// `fail-certification`: the certification fails. The reports contain the failure.
    FailCertification,
    /// `fail-promotion`: the submission reaches preview and passes certification, but its promotion to live fails.
    FailPromotion,
    /// `archived`: the submission ends in the state `Archived` instead of reaching preview. Like the following three, it does not
    /// prevent a new submission.
    Archived,
    /// `not-set`: the submission ends in the state `NotSet`.
    NotSet,
    /// `modular-cert`: the submission ends in the state `ModularCert`.
    ModularCert,
    /// `shadow`: the submission ends in the state `Shadow`.
    Shadow,
}

named! { SubmissionOutcome, "submission outcome":
    "pass" = Pass,
    "fail-creation" = FailCreation,
    "fail" = Fail,
    "fail-certification" = FailCertification,
    "fail-promotion" = FailPromotion,
    "archived" = Archived,
    "not-set" = NotSet,
    "modular-cert" = ModularCert,
    "shadow" = Shadow,
}

impl SubmissionOutcome {
    /// All outcomes.
    pub const ALL: [Self; 9] = [
        Self::Pass,
        Self::FailCreation,
        Self::Fail,
        Self::FailCertification,
        Self::FailPromotion,
        Self::Archived,
        Self::NotSet,
        Self::ModularCert,
        Self::Shadow,
    ];
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_outcome_parses_from_its_name() {
        assert_eq!(SubmissionOutcome::ALL.len(), NAMES.len());
        for outcome in SubmissionOutcome::ALL {
            assert_eq!(outcome.to_string().parse(), Ok(outcome));
        }
    }
}
