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
            return Err(Error::new(ErrorKind::Timeout, message));
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
    let validations = package.validation_items.unwrap_or_default();
    let found: String = validations.iter().map(|item| format!("; {item}")).collect();
    let error = Error::new(ErrorKind::Failed, format!("processing of package {id} failed{found}"));
    error.with_submission(FailedSubmission { validations, ..FailedSubmission::default() })
}
