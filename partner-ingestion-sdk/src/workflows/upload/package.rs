//! Waiting for the processing of a package.

use super::duplicate::read_first;
use super::target::{PollOptions, UploadTarget};
use crate::client::Client;
use crate::error::ingestion::FailedSubmission;
use crate::error::{Error, ErrorKind};
use crate::http::response::Response;
use crate::types::*;

/// Waits until a package is processed. Transient errors and single 404 responses do not end the wait. A duplicate of an earlier
/// package (same content and name) is replaced by that package.
pub(super) async fn wait_until_processed(
    response: Response<AzurePackage>,
    client: &Client,
    target: &UploadTarget,
    options: PollOptions,
) -> Result<Response<AzurePackage>, Error> {
    let mut response = response;
    let mut id = PackageId::from(&response);
    let mut poller = options.interval.start();
    loop {
        match response.state {
            Some(UploadState::Processed) => return Ok(response),
            Some(UploadState::ProcessFailed) => return Err(failed(&id, response.into_inner())),
            _ => {}
        }
        if !poller.wait(None, options.deadline).await {
            let state = response.state.as_ref().map_or("not processed", UploadState::as_str);
            let message = format!("package {id} is still {state}");
            let hint = "Continue to wait with FileUpload::resume and the id of the package, or raise FileUpload::max_wait: the service continues \
                        to process it.";
            return Err(Error::new(ErrorKind::Timeout, message).with_hint(hint));
        }
        let read = async |id: String| client.get_package(&target.product, id).send().await;
        response = read_first(id.as_str(), options, read).await?;
        id = PackageId::from(&response);
    }
}

fn failed(id: &PackageId, package: AzurePackage) -> Error {
    let name = package.file_name.map(|name| format!(" ({name})")).unwrap_or_default();
    let validations = package.validation_items.unwrap_or_default();
    let failed = FailedSubmission { validations, ..FailedSubmission::default() };
    let found: Vec<String> = failed.validations.iter().map(|item| failed.describe(item)).collect();
    let found = if found.is_empty() { found.join("") } else { format!(": {}", found.join("; ")) };
    Error::new(ErrorKind::Failed, format!("processing of package {id}{name} failed{found}")).with_submission(failed)
}
