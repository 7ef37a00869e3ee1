//! Branches: the service keeps the draft of every module behind one.

use crate::client::Client;
use crate::error::Error;
use crate::types::*;
use futures_util::TryStreamExt;
use std::collections::BTreeMap;

/// The drafts of one module, by plan; `None` is the offer.
pub(super) type Drafts = BTreeMap<Option<VariantId>, InstanceId>;

/// Returns the drafts of a module: that of the offer and those of its plans. If several branches match, the first one of the type
/// `Main`, otherwise the first one.
pub(super) async fn current_drafts(client: &Client, product: &ProductId, module: &Module) -> Result<Drafts, Error> {
    let branches: Vec<Branch> = client.list_branches(product, module).stream().try_collect().await?;
    let is_main = |branch: &Branch| branch.type_.as_ref().is_none_or(|kind| *kind == BranchType::Main);
    let (main, others): (Vec<_>, Vec<_>) = branches.into_iter().partition(is_main);
    let mut drafts = Drafts::new();
    for branch in main.into_iter().chain(others) {
        let variant = branch.variant_id.filter(|id| !id.as_str().is_empty());
        if let Some(instance) = branch.current_draft_instance_id.filter(|id| !id.as_str().is_empty()) {
            drafts.entry(variant).or_insert(instance);
        }
    }
    Ok(drafts)
}
