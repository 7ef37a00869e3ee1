//! Past incidents of the service, reproducible by name.

use crate::names::named;

/// An incident of the real service, as reported by its users.
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
    /// `next-link-not-found`, August 2023: following a next link returns 404.
    NextLinkNotFound,
    /// `list-refused`, since 22 April 2026: listing products without a filter returns 400 ICH50400. The
    /// body names product types that are not in the request.
    ListRefused,
    /// `list-empty`, since 22 April 2026: the list of products is empty, but each product can be read by its id.
    ListEmpty,
    /// `late-resources`, reported repeatedly: for one processing delay, new resources return 404 and are missing in lists. The
    /// branches of a new offer, and the Package branch of a new plan, are missing for two.
    LateResources,
    /// `publisher-id-demanded`, June 2026: every call returns 400 and requests the header `x-ms-publisherId`, even if it is sent.
    PublisherIdDemanded,
    /// `workflow-details-missing`, June 2026: the workflow details of a submission in preview return 404 once.
    WorkflowDetailsMissing,
    /// `properties-not-applicable`, 30 June 2026: listing properties returns "not applicable for this product", whatever the query.
    PropertiesNotApplicable,
    /// `front-door-uploads`, since 28 August 2026: upload URLs are on another host.
    FrontDoorUploads,
}

named! { Incident, "incident":
    "next-link-not-found" = NextLinkNotFound,
    "list-refused" = ListRefused,
    "list-empty" = ListEmpty,
    "late-resources" = LateResources,
    "publisher-id-demanded" = PublisherIdDemanded,
    "workflow-details-missing" = WorkflowDetailsMissing,
    "properties-not-applicable" = PropertiesNotApplicable,
    "front-door-uploads" = FrontDoorUploads,
}

impl Incident {
    /// All incidents.
    pub const ALL: [Self; 8] = [
        Self::NextLinkNotFound,
        Self::ListRefused,
        Self::ListEmpty,
        Self::LateResources,
        Self::PublisherIdDemanded,
        Self::WorkflowDetailsMissing,
        Self::PropertiesNotApplicable,
        Self::FrontDoorUploads,
    ];
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_incident_parses_from_its_name() {
        for incident in Incident::ALL {
            assert_eq!(incident.to_string().parse(), Ok(incident));
        }
    }
}
