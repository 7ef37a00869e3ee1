//! Compares two manifests. What the later one does not mention is left alone.

use super::{Change, ChangeKind};
use crate::workflows::manifest::fault::Pointer;
use crate::workflows::manifest::json::{Fields, Json};
use crate::workflows::manifest::names::base_name;
use crate::workflows::manifest::secrets::is_secret;

/// Maps whose entries are resources: an entry that only the earlier manifest has would be deleted.
const RESOURCES: [&str; 2] = ["listings", "plans"];
/// Lists of files.
const FILES: [&str; 3] = ["images", "videos", "documents"];

pub(super) fn manifests(before: &Json, after: &Json) -> Vec<Change> {
    let mut comparison = Comparison { changes: Vec::new() };
    comparison.values(Some(before), after, &Pointer::default());
    comparison.changes
}

struct Comparison {
    changes: Vec<Change>,
}

impl Comparison {
    fn values(&mut self, before: Option<&Json>, after: &Json, at: &Pointer) {
        match (before, after) {
            (Some(Json::Object(before)), Json::Object(after)) => self.objects(before, after, at),
            (Some(before), after) if before.is_same(after) => {}
            (before, after) => {
                let kind = if before.is_some() { ChangeKind::Set } else { ChangeKind::Add };
                self.add(kind, at, before, Some(after));
            }
        }
    }

    fn objects(&mut self, before: &Fields, after: &Fields, at: &Pointer) {
        for (key, after) in after {
            let (before, at) = (before.get(key), at.join(key));
            match (key.as_str(), before, after) {
                (key, before, Json::List(after)) if is_files(&at, key) => {
                    let before = match before {
                        Some(Json::List(before)) => before.as_slice(),
                        _ => &[],
                    };
                    self.files(before, after, &at);
                }
                (key, before, Json::Object(new)) if is_resources(&at, key) => {
                    let none = Fields::new();
                    let old = before.and_then(Json::as_object).unwrap_or(&none);
                    self.objects(old, new, &at);
                    for (name, removed) in old.iter().filter(|(name, _)| !new.contains_key(*name)) {
                        self.add(ChangeKind::Remove, &at.join(name), Some(removed), None);
                    }
                }
                ("file", Some(Json::Text(before)), Json::Text(after)) if base_name(before) == base_name(after) => {}
                (key, before, after) if is_secret(key) => {
                    if before != Some(after) {
                        let kind = if before.is_some() { ChangeKind::Set } else { ChangeKind::Add };
                        self.push(kind, &at, None, None, true);
                    }
                }
                (_, before, after) => self.values(before, after, &at),
            }
        }
    }

    /// Files are matched by name and type, whatever their order in the list.
    fn files(&mut self, before: &[Json], after: &[Json], at: &Pointer) {
        let mut rest: Vec<&Json> = before.iter().collect();
        for (number, after) in after.iter().enumerate() {
            let at = at.join(number);
            match rest.iter().position(|before| identity(before) == identity(after)) {
                Some(same) => self.values(Some(rest.remove(same)), after, &at),
                None => self.add(ChangeKind::Add, &at, None, Some(after)),
            }
        }
        for removed in rest {
            self.add(ChangeKind::Remove, at, Some(removed), None);
        }
    }

    fn add(&mut self, kind: ChangeKind, at: &Pointer, before: Option<&Json>, after: Option<&Json>) {
        self.push(kind, at, before.cloned(), after.cloned(), false);
    }

    fn push(&mut self, kind: ChangeKind, at: &Pointer, before: Option<Json>, after: Option<Json>, secret: bool) {
        let (resource, pointer) = (resource(at), at.as_str().to_owned());
        self.changes.push(Change { kind, resource, pointer, before, after, secret });
    }
}

/// `/listings/en-us/images`, `/cosell/documents` and `/supplementalContent/documents`.
fn is_files(at: &Pointer, key: &str) -> bool {
    let steps: Vec<String> = at.segments().collect();
    FILES.contains(&key)
        && matches!(
            steps.iter().map(String::as_str).collect::<Vec<_>>()[..],
            ["listings", _, _] | ["cosell" | "supplementalContent", _]
        )
}

/// `/listings`, `/plans` and `/plans/standard/listings`.
fn is_resources(at: &Pointer, key: &str) -> bool {
    let depth = at.segments().count();
    RESOURCES.contains(&key) && (depth == 1 || depth == 3 && key == "listings")
}

/// What makes a file the same one: the type of a logo, name and type of other files, or the link of a video.
pub(super) fn identity(file: &Json) -> (Option<&str>, Option<&str>, Option<&str>) {
    let text = |key: &str| file.as_object().and_then(|fields| fields.get(key)).and_then(Json::as_text);
    let is_logo = text("type").is_some_and(|kind| kind.starts_with("AzureLogo"));
    let name = text("file").map(base_name).filter(|_| !is_logo);
    (name, text("type"), if name.is_none() { text("streamingUri") } else { None })
}

/// The resource at a place, as errors and findings name it.
pub(super) fn resource(at: &Pointer) -> String {
    let steps: Vec<String> = at.segments().collect();
    let (place, steps) = match steps.split_first() {
        Some((first, rest)) if first == "plans" && !rest.is_empty() => (format!("plan {}", rest[0]), &rest[1..]),
        _ => ("offer".to_owned(), &steps[..]),
    };
    let is_plan = place != "offer";
    let module = match steps.first().map(String::as_str) {
        Some("listings") => "Listing",
        Some("property") => "Property",
        Some("previewAudience" | "availability") => "Availability",
        Some("configuration" | "package") => "Package",
        Some("setup") => "Setup",
        Some("reseller") => "ResellerConfiguration",
        Some("leads") => "LeadConfiguration",
        Some("cosell") => "Cosell",
        Some("supplementalContent") => "SupplementalContent",
        _ if is_plan => "Plan",
        _ => "Product",
    };
    match steps.get(1).filter(|_| module == "Listing") {
        Some(language) => format!("{place}, Listing {language}"),
        None => format!("{place}, {module}"),
    }
}
