//! Waiting for the processing of a package.

use super::target::{PollOptions, UploadTarget};
use crate::client::Client;
use crate::error::{Error, ErrorKind, FailedSubmission};
use crate::types::*;

/// Waits until a package is processed. Transient errors do not end the wait.
pub(super) async fn wait_until_processed(
    package: AzurePackage,
    client: &Client,
    target: &UploadTarget,
    options: PollOptions,
) -> Result<AzurePackage, Error> {
    let id = PackageId::from(&package);
    let mut package = package;
    let mut poller = options.interval.start();
    let mut retry_after = None;
    loop {
        match package.state {
            Some(UploadState::Processed) => return Ok(package),
            Some(UploadState::ProcessFailed) => return Err(failed(&id, package)),
            _ => {}
        }
        if !poller.wait(retry_after.take(), options.deadline).await {
            let state = package.state.as_ref().map_or("not processed", UploadState::as_str);
            let message = format!("package {id} is still {state}");
            let hint = "Read the package later, or raise FileUpload::max_wait: the service continues to process it.";
            return Err(Error::new(ErrorKind::Timeout, message).with_hint(hint));
        }
        match client.get_package(&target.product, &id).send().await {
            Ok(response) => package = response.into_inner(),
            Err(error) => match error.duplicate_of() {
                Some(existing) => return Ok(client.get_package(&target.product, existing).send().await?.into_inner()),
                None if error.is_retryable() => retry_after = error.retry_after(),
                None => return Err(error),
            },
        }
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
