//! Public incidents of the service, to be had again by name.

use crate::names::named;

/// Something that went wrong at the service for days, as its users reported it.
///
/// ```
/// use partner_sandbox::Incident;
///
/// let incident: Incident = "list-refused".parse().unwrap();
/// assert_eq!(incident, Incident::ListRefused);
/// assert!("no-incident".parse::<Incident>().is_err());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Incident {
    /// `next-link-not-found`, August 2023: a next link that is followed answers 404.
    NextLinkNotFound,
    /// `list-refused`, from 22 April 2026 on: the list of products without a filter answers 400 ICH50400.
    ListRefused,
    /// `list-empty`, from 22 April 2026 on: the list of products is empty, while each of them is there by its id.
    ListEmpty,
    /// `publisher-id-demanded`, June 2026: every call answers 400 and demands a header `x-ms-publisherId`, which does not help.
    PublisherIdDemanded,
    /// `workflow-details-missing`, June 2026: in preview the workflow details of a submission answer 404 once.
    WorkflowDetailsMissing,
    /// `front-door-uploads`, from 28 August 2026 on: upload addresses lead to another host.
    FrontDoorUploads,
}

named! { Incident, "incident":
    "next-link-not-found" = NextLinkNotFound,
    "list-refused" = ListRefused,
    "list-empty" = ListEmpty,
    "publisher-id-demanded" = PublisherIdDemanded,
    "workflow-details-missing" = WorkflowDetailsMissing,
    "front-door-uploads" = FrontDoorUploads,
}

impl Incident {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::NextLinkNotFound,
        Self::ListRefused,
        Self::ListEmpty,
        Self::PublisherIdDemanded,
        Self::WorkflowDetailsMissing,
        Self::FrontDoorUploads,
    ];
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_incident_is_found_by_its_name() {
        for incident in Incident::ALL {
            assert_eq!(incident.to_string().parse(), Ok(incident));
        }
    }
}
