//! Publishes an offer after its manifest was applied.

use crate::client::Client;
use crate::error::ingestion::Applied;
use crate::error::{Error, ErrorKind};
use crate::workflows::publish::Publish;

/// The submission in reports.
pub(super) const SUBMISSION: &str = "offer, Submission";

/// Sets the options of the submission.
pub(super) type Configure = Box<dyn FnOnce(Publish) -> Publish + Send + Sync>;

/// Publishes the offer if a draft differs from what is live.
pub(super) async fn publish(client: &Client, applied: Applied, configure: Configure) -> Result<Applied, Error> {
    let Some(product) = &applied.product else { return Ok(applied) };
    match configure(client.publish(product).only_if_changed(true)).await {
        Ok(submission) => Ok(Applied { submission: Some(submission), ..applied }),
        Err(error) if error.kind() == ErrorKind::NothingToPublish => Ok(applied),
        Err(error) => Err(error.with_applied(Applied { remaining: vec![SUBMISSION.to_owned()], ..applied })),
    }
}
