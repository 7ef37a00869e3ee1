//! The model of the service: its accounts, tokens and resources.

use crate::blob::Blob;
use crate::clock::{Clock, Moment};
use crate::entra::TrustedKeys;
use crate::incident::Incident;
use crate::rules::Off;
use crate::submission_outcome::SubmissionOutcome;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::time::Duration;

/// The only account of the sandbox.
pub(crate) struct Account {
    pub(crate) tenant: String,
    pub(crate) client_id: String,
    pub(crate) secret: String,
    pub(crate) trusted_keys: TrustedKeys,
}

pub(crate) struct Token {
    pub(crate) expires_at: Moment,
}

pub(crate) struct Model {
    pub(crate) clock: Clock,
    pub(crate) account: Account,
    /// Scheme, host and port of the API.
    pub(crate) origin: String,
    /// Scheme, host and port of the blob store, and of its front door if it was started.
    pub(crate) store: String,
    pub(crate) front_door: Option<String>,
    pub(crate) token_lifetime: Duration,
    /// The duration of each asynchronous processing step.
    pub(crate) processing_delay: Duration,
    pub(crate) page_size: usize,
    pub(crate) incidents: BTreeSet<Incident>,
    /// Resources created during the incident `late-resources`, and when they become visible.
    pub(crate) late: HashMap<String, Moment>,
    pub(crate) rules_off: Off,
    /// The outcomes of the next submissions.
    pub(crate) next_outcomes: VecDeque<SubmissionOutcome>,
    pub(crate) tokens: HashMap<String, Token>,
    pub(crate) issued_tokens: usize,
    pub(crate) submissions: u64,
    pub(crate) blobs: HashMap<String, Blob>,
    pub(crate) products: BTreeMap<String, Product>,
    /// The offer ids of all products, to find a duplicate quickly.
    pub(crate) offer_ids: HashSet<String>,
    /// Product ids in the order of creation. Deleted products are included, because a page token may refer to them.
    pub(crate) order: Vec<String>,
}

pub(crate) type Object = Map<String, Value>;

#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Product {
    pub(crate) body: Object,
    pub(crate) setup: Object,
    pub(crate) reseller: Option<Object>,
    pub(crate) lead: Option<Object>,
    pub(crate) drafts: Vec<Draft>,
    /// What was submitted, of drafts that changed since.
    pub(crate) submitted: Vec<Draft>,
    /// Variants by id.
    pub(crate) variants: BTreeMap<String, Object>,
    pub(crate) uploads: Vec<Upload>,
    pub(crate) submissions: Vec<Submission>,
}

/// One of the known names. With `&'static str`, serde would borrow from the input.
pub(crate) type Known = &'static str;

/// A draft of one module of an offer or a plan, with its resource.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Draft {
    /// Empty for a resource that was added to a draft and has no branch, such as a listing in another language.
    #[serde(deserialize_with = "module")]
    pub(crate) module: Known,
    /// The collection in the resource's path, in lower case.
    #[serde(deserialize_with = "collection")]
    pub(crate) collection: Known,
    pub(crate) variant: Option<String>,
    pub(crate) instance: String,
    /// Branches become visible some time after their plan was created.
    pub(crate) visible_at: Moment,
    pub(crate) resource: Object,
}

/// An image or a package, with its file.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Upload {
    /// The collection in lower case. For an image, it includes the listing.
    pub(crate) collection: String,
    pub(crate) id: String,
    pub(crate) blob: String,
    pub(crate) resource: Object,
    pub(crate) uploaded_at: Option<Moment>,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Submission {
    pub(crate) id: String,
    pub(crate) request: Object,
    pub(crate) created_at: Moment,
    pub(crate) promoted_at: Option<Moment>,
    pub(crate) is_cancelled: bool,
    pub(crate) outcome: SubmissionOutcome,
    pub(crate) problems: Vec<Problem>,
    /// Whether its workflow details already returned 404 during an incident.
    pub(crate) was_missing: bool,
}

/// A finding of the validation of a submission.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Problem {
    pub(crate) code: String,
    /// Plan and module.
    pub(crate) resource: String,
    pub(crate) message: String,
}

/// The modules of drafts. Empty for a resource without a branch.
const MODULES: [&str; 8] =
    ["", "Property", "Listing", "Availability", "Cosell", "SupplementalContent", "Package", "ResellerConfiguration"];
/// The collections of drafts.
const COLLECTIONS: [&str; 8] = [
    "properties",
    "listings",
    "productavailabilities",
    "featureavailabilities",
    "coselllisting",
    "supplementalcontents",
    "packageconfigurations",
    "resellerconfiguration",
];

fn module<'de, D: Deserializer<'de>>(deserializer: D) -> Result<&'static str, D::Error> {
    known(&MODULES, "module", deserializer)
}

fn collection<'de, D: Deserializer<'de>>(deserializer: D) -> Result<&'static str, D::Error> {
    known(&COLLECTIONS, "collection", deserializer)
}

/// Reads one of the known names of a state file.
fn known<'de, D: Deserializer<'de>>(
    names: &[&'static str],
    what: &str,
    deserializer: D,
) -> Result<&'static str, D::Error> {
    let name = String::deserialize(deserializer)?;
    let found = names.iter().find(|known| **known == name);
    found.copied().ok_or_else(|| serde::de::Error::custom(format!("unknown {what} {name:?}")))
}

impl Model {
    /// Removes all resources, files and outcomes. Tokens and the clock remain.
    pub(crate) fn clear(&mut self) {
        self.late.clear();
        self.next_outcomes.clear();
        self.submissions = 0;
        self.blobs.clear();
        self.products.clear();
        self.offer_ids.clear();
        self.order.clear();
        self.incidents.clear();
    }

    /// Returns true if the header has a token that was issued here and is still valid.
    pub(crate) fn accepts(&self, authorization: Option<&str>) -> bool {
        let token = authorization.and_then(|value| {
            let (scheme, token) = value.split_once(' ')?;
            scheme.eq_ignore_ascii_case("Bearer").then_some(token)
        });
        token.and_then(|token| self.tokens.get(token)).is_some_and(|token| self.clock.now() < token.expires_at)
    }
}

/// Returns true if an external id is the offer id.
pub(crate) fn is_offer_id(id: &Value) -> bool {
    let kind = id.get("type").and_then(Value::as_str);
    kind.is_some_and(|kind| kind.eq_ignore_ascii_case("AzureOfferId"))
}

/// Returns the offer id in the body of a product.
pub(crate) fn offer_id(body: &Object) -> Option<&str> {
    let id = body.get("externalIDs")?.as_array()?.iter().find(|id| is_offer_id(id))?;
    id.get("value")?.as_str().filter(|value| !value.is_empty())
}

impl Product {
    /// Returns the type of the offer.
    pub(crate) fn kind(&self) -> &str {
        self.text("resourceType")
    }

    /// Returns a text of the offer itself. Empty if it is absent.
    pub(crate) fn text(&self, key: &str) -> &str {
        self.body.get(key).and_then(Value::as_str).unwrap_or_default()
    }

    pub(crate) fn draft(&mut self, collection: &str, id: &str) -> Option<&mut Draft> {
        let is = |draft: &Draft| draft.resource.get("id").and_then(Value::as_str) == Some(id) || draft.instance == id;
        self.drafts.iter_mut().find(|draft| draft.collection == collection && is(draft))
    }
}
