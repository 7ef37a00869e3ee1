//! Reading a resource that the service may have replaced by an earlier one.

use super::target::PollOptions;
use crate::error::Error;
use crate::http::response::Response;
use crate::workflows::wait::tolerate_absence;

/// Reads a resource by its id. Transient errors and single 404 responses do not end the wait. A duplicate of an earlier package (same
/// content and name) is replaced by that package.
pub(super) async fn read_first<T, F>(
    id: &str,
    options: PollOptions,
    read: impl Fn(String) -> F,
) -> Result<Response<T>, Error>
where
    F: Future<Output = Result<Response<T>, Error>>,
{
    let poll = async |id: &str| tolerate_absence(options.interval, options.deadline, || read(id.to_owned())).await;
    match poll(id).await {
        Err(error) => match error.duplicate_of() {
            Some(existing) => poll(existing.as_str()).await,
            None => Err(error),
        },
        found => found,
    }
}
