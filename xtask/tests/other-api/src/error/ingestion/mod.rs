//! In place of what errors know about the Ingestion API: nothing is known about this one.

pub(super) mod details {
    /// What workflows add to an error.
    #[derive(Debug, Default)]
    pub(in crate::error) struct Details;
}

pub(super) mod hint {
    use crate::error::Error;

    pub(in crate::error) fn by_fact(_: &Error) -> Option<&'static str> {
        None
    }

    pub(in crate::error) fn of_workflow(_: &Error) -> Option<&'static str> {
        None
    }

    pub(in crate::error) fn by_operation(_: &Error, _: u16) -> Option<&'static str> {
        None
    }

    pub(in crate::error) fn of_status(_: u16) -> Option<&'static str> {
        None
    }
}
