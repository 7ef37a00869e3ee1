//! The description of an operation. The table of all operations is generated.

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
    /// The name of the method of `Client`.
    pub name: &'static str,
    /// The HTTP method.
    pub method: &'static str,
    /// The path, as in the API document.
    pub path: &'static str,
    /// Whether the operation accepts If-Match.
    pub if_match: IfMatchRule,
    /// True if a body can contain a secret. Errors never quote such a body.
    pub(crate) secret: bool,
    /// True if a success may have no body.
    pub(crate) may_be_empty: bool,
}

impl Operation {
    /// Returns the method and the path, or an empty text for a request that is not in the document.
    pub(crate) fn request(&self) -> String {
        format!("{} {}", self.method, self.path).trim().to_owned()
    }
}

/// Whether an operation accepts the If-Match header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum IfMatchRule {
    /// The API document does not mention the header; the service accepts it.
    No,
    /// The header is optional.
    Optional,
    /// The header is required.
    Required,
}

/// A request that is not in the API document.
pub(crate) static ANY: Operation =
    Operation { name: "request", method: "", path: "", if_match: IfMatchRule::No, secret: true, may_be_empty: true };
