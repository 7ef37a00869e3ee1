//! The kinds of errors.

/// The kind of an [`Error`](crate::Error).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The configuration of the client or of its environment is incomplete or invalid. Nothing was sent.
    Config,
    /// An argument is invalid. Nothing was sent.
    InvalidArgument,
    /// No access token could be obtained; see [`Error::auth_error`](crate::Error::auth_error). Nothing was sent, unless
    /// [`Error::attempts`](crate::Error::attempts) counts an earlier attempt.
    Auth,
    /// The URL has another origin than the base URL. Nothing was sent, and no token was disclosed.
    CrossOrigin,
    /// The connection could not be established, or it was lost.
    Connection,
    /// A timeout elapsed.
    Timeout,
    /// The response status is not a success.
    Status,
    /// The response body is larger than the client accepts.
    ResponseTooLarge,
    /// The response is a success, but its body cannot be decoded.
    Decode,
    /// A `nextLink` points to a page that was already read.
    PaginationLoop,
    /// No resource matches the name.
    NotFound,
    /// More than one resource matches the name.
    Ambiguous,
    /// Two lists of the service contradict each other, so that a resource which is not listed may exist. Nothing was created.
    IncompleteList,
    /// Another submission of the product is in progress.
    SubmissionPending,
    /// The request succeeded, but the submission was rejected or the package could not be processed.
    Failed,
    /// A file cannot be read.
    Io,
    /// The closure of a `try_modify` method returned an error, which is the source. Nothing was written.
    Closure,
    /// The drafts are live already, and only changes were to be published.
    NothingToPublish,
    /// A manifest of an offer is invalid: see [`OfferManifest`](crate::OfferManifest).
    Manifest,
}
