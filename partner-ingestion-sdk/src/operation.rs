//! What the runtime knows of an operation; the table is generated.

/// One operation of the document.
///
/// ```
/// use partner_ingestion_sdk::OPERATIONS;
///
/// let get_listing = OPERATIONS.iter().find(|op| op.name == "get_listing").unwrap();
/// assert_eq!((get_listing.method, get_listing.path), ("GET", "/products/{productID}/listings/{listingID}"));
/// ```
#[derive(Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Operation {
    /// The name of its method on `Client`.
    pub name: &'static str,
    /// The HTTP method.
    pub method: &'static str,
    /// The path, as in the document.
    pub path: &'static str,
    /// Whether it takes If-Match.
    pub if_match: IfMatchRule,
    /// Whether its bodies can hold a secret: they are never quoted in an error.
    pub(crate) secret: bool,
}

/// Whether an operation takes the header If-Match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum IfMatchRule {
    /// The document does not mention it; the service accepts it all the same.
    No,
    /// It may be sent.
    Optional,
    /// It must be sent.
    Required,
}

/// Stands for a route that is not in the document.
pub(crate) static ANY: Operation =
    Operation { name: "request", method: "", path: "", if_match: IfMatchRule::No, secret: true };
