//! What a submission consists of.

use crate::client::Client;
use crate::error::Error;
use crate::model::ingestion::stage::Stage;
use crate::types::*;
use futures_util::TryStreamExt;
use std::collections::BTreeMap;

/// The drafts of an offer, or the resources of a submission: an instance for each module of the offer and of its plans.
pub(crate) type Instances = BTreeMap<(String, Option<VariantId>), InstanceId>;

/// Returns the instances of the newest submission at this stage, or `None` if there is none.
pub(crate) async fn newest_at(client: &Client, product: &ProductId, stage: Stage) -> Result<Option<Instances>, Error> {
    let submissions: Vec<Submission> = client.list_submissions(product).stream().try_collect().await?;
    // Ids of submissions grow.
    let newest = submissions.iter().filter(|submission| Stage::of(submission) == stage).max_by_key(|submission| {
        let id = submission.id.as_ref().map(SubmissionId::as_str).unwrap_or_default();
        (id.len(), id.to_owned())
    });
    let Some(newest) = newest.and_then(|submission| submission.id.clone()) else { return Ok(None) };
    // A list may leave out the resources of a submission.
    let submission = client.get_submission(product, newest).send().await?;
    Ok(Some(submitted(&submission)))
}

/// Returns the instances that a submission consists of.
fn submitted(submission: &Submission) -> Instances {
    let pairs = |resources: &Option<Vec<TypeValuePair>>, plan: Option<VariantId>| {
        let pairs = resources.clone().unwrap_or_default().into_iter();
        pairs
            .filter_map(move |pair| Some(((pair.type_?, plan.clone()), InstanceId::from(pair.value?))))
            .collect::<Vec<_>>()
    };
    let mut instances: Instances = pairs(&submission.resources, None).into_iter().collect();
    for plan in submission.variant_resources.iter().flatten() {
        instances.extend(pairs(&plan.resources, plan.variant_id.clone()));
    }
    instances
}
