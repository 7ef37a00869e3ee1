//! The state of one sandbox.

use crate::blob::Blob;
use crate::clock::{Clock, Moment};
use crate::entra::Signers;
use crate::incident::Incident;
use crate::verdict::Verdict;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::time::Duration;

/// The one account of the sandbox.
pub(crate) struct Account {
    pub(crate) tenant: String,
    pub(crate) client_id: String,
    pub(crate) secret: String,
    pub(crate) signers: Signers,
}

pub(crate) struct Token {
    pub(crate) expires_at: Moment,
}

pub(crate) struct World {
    pub(crate) clock: Clock,
    pub(crate) account: Account,
    /// Scheme, host and port of the service.
    pub(crate) origin: String,
    /// The same of the blob store, and of the front door before it once there is one.
    pub(crate) store: String,
    pub(crate) front_door: Option<String>,
    pub(crate) token_lifetime: Duration,
    /// How long each step of something that changes by itself takes.
    pub(crate) pace: Duration,
    pub(crate) page_size: usize,
    pub(crate) incidents: BTreeSet<Incident>,
    /// For the submissions to come.
    pub(crate) verdicts: VecDeque<Verdict>,
    pub(crate) tokens: HashMap<String, Token>,
    pub(crate) grants: usize,
    pub(crate) submissions: u64,
    pub(crate) blobs: HashMap<String, Blob>,
    pub(crate) products: BTreeMap<String, Product>,
    /// Products in the order of their creation, those that were deleted among them: a page may have ended there.
    pub(crate) order: Vec<String>,
}

pub(crate) type Object = Map<String, Value>;

#[derive(Default)]
pub(crate) struct Product {
    pub(crate) body: Object,
    pub(crate) setup: Option<Object>,
    pub(crate) reseller: Option<Object>,
    pub(crate) lead: Option<Object>,
    pub(crate) drafts: Vec<Draft>,
    /// Variants by id.
    pub(crate) variants: BTreeMap<String, Object>,
    pub(crate) uploads: Vec<Upload>,
    pub(crate) submissions: Vec<Submission>,
}

/// A draft of one module of the offer or of a plan, with the resource that it stands for.
pub(crate) struct Draft {
    /// Empty for a resource that was added to a draft, such as a listing in another language: it is no branch.
    pub(crate) module: &'static str,
    /// The collection in the path that the resource is read and written by, in lower case.
    pub(crate) collection: &'static str,
    pub(crate) variant: Option<String>,
    pub(crate) instance: String,
    /// Branches appear a moment after what they are for.
    pub(crate) visible_at: Moment,
    pub(crate) resource: Object,
}

/// An image or a package: a record with a file behind it.
pub(crate) struct Upload {
    /// The collection in lower case, with the listing of an image.
    pub(crate) collection: String,
    pub(crate) id: String,
    pub(crate) blob: String,
    pub(crate) resource: Object,
    pub(crate) uploaded_at: Option<Moment>,
}

pub(crate) struct Submission {
    pub(crate) id: String,
    pub(crate) request: Object,
    pub(crate) created_at: Moment,
    pub(crate) promoted_at: Option<Moment>,
    /// What comes of it.
    pub(crate) verdict: Verdict,
    /// Why it fails.
    pub(crate) problems: Vec<(String, String)>,
    /// Whether its workflow details were missing once, in an incident.
    pub(crate) was_missing: bool,
}

impl World {
    /// Whether the token was given out here and is still valid.
    pub(crate) fn accepts(&self, authorization: Option<&str>) -> bool {
        let token = authorization.and_then(|value| {
            let (scheme, token) = value.split_once(' ')?;
            scheme.eq_ignore_ascii_case("Bearer").then_some(token)
        });
        token.and_then(|token| self.tokens.get(token)).is_some_and(|token| self.clock.now() < token.expires_at)
    }
}

impl Product {
    pub(crate) fn draft(&mut self, collection: &str, id: &str) -> Option<&mut Draft> {
        let is = |draft: &Draft| draft.resource.get("id").and_then(Value::as_str) == Some(id) || draft.instance == id;
        self.drafts.iter_mut().find(|draft| draft.collection == collection && is(draft))
    }
}
