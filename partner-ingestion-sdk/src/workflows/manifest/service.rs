//! Compares a manifest with the service.

use super::convert;
use super::diff::{OfferDiff, files};
use super::files::check_readable;
use super::json::{Fields, Json};
use super::layout::Layout;
use super::names::plan_id;
use super::offer::OfferManifest;
use super::secrets::{Secrets, is_secret};
use super::state::{MODULES, OfferState, Scope, drafts, variants};
use crate::client::Client;
use crate::error::{Error, ErrorKind};
use crate::http::call::awaitable;
use crate::types::*;
use futures_util::future::try_join;
use std::collections::BTreeMap;
use std::fmt;

/// Compares a manifest with the drafts of its offer. Created by [`OfferManifest::diff`].
#[must_use = "nothing is read until it is awaited"]
pub struct DiffOffer {
    client: Client,
    manifest: OfferManifest,
    values: BTreeMap<String, String>,
}

impl fmt::Debug for DiffOffer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DiffOffer").field("offer", &self.manifest.offer_id).finish_non_exhaustive()
    }
}

impl OfferManifest {
    /// Returns what applying this manifest would change: compares it with the drafts of the offer, and its files with those of the
    /// service. An offer that does not exist is empty.
    ///
    /// A secret is compared with the value that the service returns; if it returns none, the secret counts as changed.
    ///
    /// ```
    /// # use partner_ingestion_sdk::types::AzureProduct;
    /// # use partner_ingestion_sdk::OfferManifest;
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/docs/sandbox.rs"));
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (client, sandbox) = sandbox().await?;
    /// # client.ensure_product(AzureProduct::application("contoso-app", "Contoso")).await?;
    /// let manifest = OfferManifest::from_json("offer.json", r#"{
    ///     "offerId": "contoso-app", "type": "AzureApplication", "name": "Contoso",
    ///     "listings": {"en-us": {"summary": "Now faster"}}
    /// }"#)?;
    /// let diff = manifest.diff(&client).await?;
    /// assert_eq!(diff.to_string(), "+ /listings/en-us/summary: \"Now faster\"\n");
    /// # drop(sandbox);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Returns [`ErrorKind::Manifest`] with file, line and column if a file or a secret cannot be read, before anything is sent, and
    /// the errors of the GETs.
    pub fn diff(&self, client: &Client) -> DiffOffer {
        DiffOffer { client: client.clone(), manifest: self.clone(), values: BTreeMap::new() }
    }
}

impl DiffOffer {
    /// Sets the value of a secret that the manifest takes from the environment variable `name`.
    pub fn secret(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.values.insert(name.into(), value.into());
        self
    }

    /// Sends the requests. Awaiting the builder is the same.
    ///
    /// # Errors
    ///
    /// See [`OfferManifest::diff`].
    pub async fn send(self) -> Result<OfferDiff, Error> {
        let (client, manifest) = (&self.client, &self.manifest);
        let secrets = Secrets { values: self.values, folder: manifest.folder().to_owned() };
        check_readable(manifest, &secrets).await?;
        let product = match client.product_by_offer_id(&manifest.offer_id).await {
            Ok(found) => found.into_inner(),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                let none = OfferManifest::new(&*manifest.offer_id, manifest.offer_type.clone(), &*manifest.name);
                return Ok(manifest.diff_from(&none));
            }
            Err(error) => return Err(error),
        };
        let id = ProductId::from(&product);
        let (instances, variants) = try_join(drafts(client, &id, MODULES), variants(client, &id)).await?;
        let state = OfferState::read(client, product, variants, &instances, Scope::All).await?;
        let converted = convert::manifest(&state)?;
        let mut before = converted.manifest.write();
        show_equal_secrets(&mut before, &state, manifest, &secrets)?;
        let mut diff = OfferDiff::between(&Json::Object(before), &Json::Object(manifest.write()));
        files::compare(client, manifest, &converted, &mut diff).await?;
        Ok(diff)
    }
}

awaitable!(DiffOffer => OfferDiff);

/// Gives each secret of the service that has the value of the manifest's the same reference, and removes the others.
fn show_equal_secrets(
    before: &mut Fields,
    state: &OfferState,
    manifest: &OfferManifest,
    secrets: &Secrets,
) -> Result<(), Error> {
    let mut pairs: Vec<(Vec<&str>, Result<Json, serde_json::Error>)> = Vec::new();
    pairs.extend(state.leads.as_ref().map(|leads| (vec!["leads"], Json::of(leads))));
    pairs.extend(state.property.as_ref().map(|property| (vec!["property"], Json::of(property))));
    pairs.extend(state.preview_audience.as_ref().map(|audience| (vec!["previewAudience"], Json::of(audience))));
    pairs.extend(state.configuration.as_ref().map(|configuration| (vec!["configuration"], Json::of(configuration))));
    let plans: Vec<_> = state.plans.iter().map(|plan| (plan_id(&plan.variant), plan)).collect();
    for (id, plan) in &plans {
        let configuration = plan.configuration.as_ref();
        pairs.extend(configuration.map(|json| (vec!["plans", id.as_str(), "configuration"], Json::of(json))));
    }
    let wanted = Json::Object(manifest.write());
    for (path, raw) in pairs {
        let (Ok(raw), Some(wanted)) = (raw, at(&wanted, &path)) else { continue };
        let mut resolved = wanted.clone();
        secrets.resolve(&mut resolved)?;
        if let Some(shown) = at_mut(before, &path) {
            align(shown, &raw, wanted, &resolved);
        }
    }
    Ok(())
}

fn align(shown: &mut Json, raw: &Json, wanted: &Json, resolved: &Json) {
    let (Json::Object(shown), Some(raw), Some(wanted), Some(resolved)) =
        (shown, raw.as_object(), wanted.as_object(), resolved.as_object())
    else {
        return;
    };
    for (key, value) in wanted {
        let same = raw.get(key).is_some_and(|raw| Some(raw) == resolved.get(key));
        match (is_secret(key), same) {
            (true, true) => drop(shown.insert(key.clone(), value.clone())),
            (true, false) if shown.contains_key(key) => drop(shown.insert(key.clone(), Json::Null)),
            (true, false) => {}
            (false, _) => {
                if let (Some(shown), Some(raw), Some(resolved)) = (shown.get_mut(key), raw.get(key), resolved.get(key))
                {
                    align(shown, raw, value, resolved);
                }
            }
        }
    }
}

fn at<'a>(json: &'a Json, path: &[&str]) -> Option<&'a Json> {
    path.iter().try_fold(json, |json, step| json.as_object()?.get(*step))
}

fn at_mut<'a>(fields: &'a mut Fields, path: &[&str]) -> Option<&'a mut Json> {
    let (first, rest) = path.split_first()?;
    rest.iter().try_fold(fields.get_mut(*first)?, |json, step| match json {
        Json::Object(fields) => fields.get_mut(*step),
        _ => None,
    })
}
