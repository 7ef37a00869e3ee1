//! Compares a resource with its published version, or with the version before a change.

use super::select::slots;
use super::{Check, Rule};
use serde_json::Value;

impl Rule {
    /// Returns what a draft violates beside its published version.
    pub(super) fn compare(&self, published: &Value, draft: &Value) -> Vec<String> {
        match &self.check {
            Check::KeepsPublished { values } => self.gone(values, published, draft),
            Check::Raised => self.not_raised(published, draft).into_iter().collect(),
            _ => Vec::new(),
        }
    }

    /// Returns why a resource with one version cannot change like this.
    pub(super) fn forbids(&self, (old, is_published): (&Value, bool), new: &Value) -> Option<String> {
        match &self.check {
            Check::NeverChanges => {
                let (old, new) = (self.texts(old).pop()?, self.texts(new).pop()?);
                (!old.eq_ignore_ascii_case(&new)).then(|| format!("{old:?} cannot change to {new:?}"))
            }
            Check::KeepsPublished { .. } if is_published => self.compare(old, new).pop(),
            _ => None,
        }
    }

    /// The property that the rule is about.
    pub(super) fn name(&self) -> String {
        self.path.iter().map(|step| step.name.as_str()).collect::<Vec<_>>().join(".")
    }

    fn gone(&self, kept: &[String], published: &Value, draft: &Value) -> Vec<String> {
        let (name, now) = (self.name(), self.texts(draft));
        let has = |list: &[String], text: &str| list.iter().any(|item| item.eq_ignore_ascii_case(text));
        let stays = self.texts(published).into_iter().filter(|text| kept.is_empty() || has(kept, text));
        stays
            .filter(|text| !has(&now, text))
            .map(|text| format!("{name}: {text:?} is published and must stay"))
            .collect()
    }

    fn not_raised(&self, published: &Value, draft: &Value) -> Option<String> {
        let (old, new) = (self.texts(published).pop()?, self.texts(draft).pop()?);
        let numbers = |text: &str| text.split('.').map(|part| part.parse().ok()).collect::<Option<Vec<u64>>>();
        let (old_numbers, new_numbers) = (numbers(&old)?, numbers(&new)?);
        let others = |resource: &Value| {
            let mut object = resource.as_object().cloned().unwrap_or_default();
            let version = self.path.first().map(|step| step.name.as_str());
            object.retain(|key, _| key != "id" && key != "@odata.etag" && Some(key.as_str()) != version);
            object
        };
        let name = self.name();
        let is_changed = new_numbers < old_numbers || others(published) != others(draft);
        (new_numbers <= old_numbers && is_changed)
            .then(|| format!("{name} is {new}, expected above the published {old}, because the resource changed"))
    }

    /// Returns the texts and flags that the rule is about.
    fn texts(&self, resource: &Value) -> Vec<String> {
        let slots = slots(resource, &self.path);
        let values = slots.iter().flat_map(|slot| slot.items());
        let text = |value: &Value| match value {
            Value::String(text) => Some(text.clone()),
            Value::Bool(flag) => Some(flag.to_string()),
            _ => None,
        };
        values.filter_map(|(_, value)| text(value)).collect()
    }
}
