//! Evaluates the rules.

use super::select::slots;
use super::{Check, File, Format, Rule, Scope, Subject};
use serde_json::Value;
use std::collections::BTreeSet;

/// A rule that the offer does not follow, and where.
#[derive(Debug, PartialEq)]
pub(crate) struct Violation {
    pub(crate) rule: &'static str,
    /// Plan and module.
    pub(crate) resource: String,
    pub(crate) message: String,
}

/// Returns what violates the rules.
pub(crate) fn violations(rules: impl Iterator<Item = &'static Rule>, subjects: &[Subject<'_>]) -> Vec<Violation> {
    let mut plans: Vec<(&str, &str)> = subjects.iter().filter_map(|subject| subject.plan).collect();
    plans.sort_unstable();
    plans.dedup();
    let of = |belongs: &dyn Fn(&Subject<'_>) -> bool| -> Vec<&Subject<'_>> {
        subjects.iter().filter(|subject| belongs(subject)).collect()
    };
    let mut violations = Vec::new();
    for rule in rules {
        let groups: Vec<(String, Vec<&Subject<'_>>)> = match rule.of {
            Scope::Offer => vec![("offer".to_owned(), of(&|subject| subject.plan.is_none()))],
            Scope::Plans => vec![("offer".to_owned(), of(&|subject| subject.plan.is_some()))],
            Scope::Plan => plans
                .iter()
                .map(|plan| (format!("plan {}", plan.1), of(&|subject| subject.plan == Some(*plan))))
                .collect(),
        };
        for (place, group) in groups {
            let messages = rule.evaluate(&group).into_iter();
            violations.extend(messages.map(|message| Violation {
                rule: &rule.id,
                resource: format!("{place}, {}", module(&rule.type_name)),
                message: format!("{message}, see {}", rule.source),
            }));
        }
    }
    violations
}

/// The module that a type belongs to.
pub(crate) fn module(type_name: &str) -> &'static str {
    match type_name {
        "AzureProduct" => "Product",
        "AzureSkuVariant" => "Plan",
        "AzureProperty" => "Property",
        "AzureListing" | "ListingImage" | "ListingVideo" => "Listing",
        "ProductAvailability" | "FeatureAvailability" => "Availability",
        _ => "Package",
    }
}

impl Rule {
    fn evaluate(&self, group: &[&Subject<'_>]) -> Vec<String> {
        let is = |subject: &&&Subject<'_>| {
            subject.type_name == self.type_name
                && self.select.as_ref().is_none_or(|select| select.matches(&subject.value))
                && self.condition.as_ref().is_none_or(|condition| condition.holds(subject, group))
        };
        let subjects: Vec<&Subject<'_>> = group.iter().filter(is).copied().collect();
        if self.path.is_empty() {
            return match &self.check {
                Check::Required | Check::Count { .. } => {
                    self.number(&self.what(), subjects.len()).into_iter().collect()
                }
                _ => subjects.iter().filter_map(|subject| self.file(subject)).collect(),
            };
        }
        let mut found = Vec::new();
        let mut seen = BTreeSet::new();
        for subject in subjects {
            let slots = slots(&subject.value, &self.path);
            match &self.check {
                Check::Required | Check::Count { .. } if self.across => {
                    found.extend(self.number(&self.name(), slots.iter().map(|slot| slot.items().len()).sum()));
                }
                Check::Required => {
                    found.extend(slots.iter().filter_map(|slot| self.number(&slot.path, slot.items().len())))
                }
                Check::KeepsPublished { .. } | Check::Raised => {
                    let published = subject.published.as_ref();
                    found.extend(published.into_iter().flat_map(|old| self.compare(old, &subject.value)));
                }
                Check::Count { .. } => {
                    found.extend(slots.iter().filter_map(|slot| self.number(&slot.path, slot.count())))
                }
                _ => {
                    for (path, value) in slots.iter().flat_map(|slot| slot.items()) {
                        found.extend(self.value(&path, value, &mut seen));
                    }
                }
            }
        }
        found
    }

    /// The resources that the rule counts.
    fn what(&self) -> String {
        let select = self.select.as_ref();
        select.map_or_else(|| self.type_name.clone(), |select| format!("{} {}", self.type_name, select.value))
    }

    fn number(&self, what: &str, count: usize) -> Option<String> {
        let what = match self.path.last().and_then(|step| step.select.as_ref()) {
            Some(select) if !self.across => format!("{what} with {} {}", select.property, select.value),
            _ => what.to_owned(),
        };
        match self.check {
            Check::Required if count == 0 => Some(format!("{what} is missing{}", self.chosen())),
            Check::Count { min, .. } if count < min => Some(format!("{what}: {count} given, expected at least {min}")),
            Check::Count { max: Some(max), .. } if count > max => {
                Some(format!("{what}: {count} given, expected at most {max}"))
            }
            _ => None,
        }
    }

    /// Which objects the property is in, if the rule selects some.
    fn chosen(&self) -> String {
        let before = self.path.split_last().map(|(_, before)| before).unwrap_or_default();
        let chosen = before.iter().filter_map(|step| {
            let select = step.select.as_ref()?;
            Some(format!(" ({} with {} {})", step.name, select.property, select.value))
        });
        chosen.collect()
    }

    fn value(&self, path: &str, value: &Value, seen: &mut BTreeSet<String>) -> Option<String> {
        let text = value.as_str()?;
        match &self.check {
            Check::MaxLength { max } => {
                let length = text.chars().count();
                (length > *max).then(|| format!("{path} has {length} characters, expected at most {max}"))
            }
            Check::Format { format } => {
                (!format.matches(text)).then(|| format!("{path} is {text:?}, expected {}", format.description()))
            }
            Check::OneOf { values } => {
                let known = values.iter().any(|known| known.eq_ignore_ascii_case(text));
                (!known).then(|| format!("{path} is {text:?}, expected one of {}", values.join(", ")))
            }
            Check::Unique => (!seen.insert(text.to_lowercase())).then(|| format!("{path} {text:?} is used twice")),
            _ => None,
        }
    }

    fn file(&self, subject: &Subject<'_>) -> Option<String> {
        let file: File<'_> = subject.file?;
        let name = subject.value.get("fileName").and_then(Value::as_str).unwrap_or_default();
        match &self.check {
            Check::ImageSize { width, height, square } => {
                let fits = |(least, most): (u32, u32), number: u32| (least..=most).contains(&number);
                match file.png_size() {
                    None => Some(format!("{name} is not a PNG file")),
                    Some((w, h)) if fits(*width, w) && fits(*height, h) && (!square || w == h) => None,
                    Some((w, h)) => {
                        let square = if *square { ", and square" } else { "" };
                        let [width, height] = [width, height].map(|(least, most)| {
                            if least == most { least.to_string() } else { format!("{least} to {most}") }
                        });
                        Some(format!("{name} has {w}x{h} pixels, expected {width} by {height}{square}"))
                    }
                }
            }
            Check::Archive { max, .. } if file.length > *max => {
                Some(format!("{name} has {} bytes, expected at most {max}", file.length))
            }
            Check::Archive { values, member_max, .. } if file.is_whole() => match file.zip_members() {
                None => Some(format!("{name} is not a zip archive")),
                Some(members) => {
                    if let Some((member, size)) = members.iter().find(|(_, size)| size > member_max) {
                        return Some(format!("{name} has {member} with {size} bytes, expected at most {member_max}"));
                    }
                    let has = |value: &&String| members.iter().any(|(member, _)| member == *value);
                    let missing: Vec<&str> = values.iter().filter(|value| !has(value)).map(String::as_str).collect();
                    (!missing.is_empty()).then(|| format!("{name} has no {} at its root", missing.join(" and no ")))
                }
            },
            _ => None,
        }
    }
}

impl Format {
    fn matches(self, text: &str) -> bool {
        match self {
            Self::Guid => {
                let parts: Vec<&str> = text.split('-').collect();
                let lengths: Vec<usize> = parts.iter().map(|part| part.len()).collect();
                lengths == [8, 4, 4, 4, 12] && text.chars().all(|c| matches!(c, '0'..='9' | 'a'..='f' | '-'))
            }
            Self::Https => host(text).is_some(),
            Self::NoEmoji => !text.chars().any(is_emoji),
            Self::OneLine => !text.contains(['\n', '\r']),
            Self::PlainText => !text.match_indices('<').any(|(at, _)| is_tag(&text[at + 1..])),
            Self::Slug => text.chars().all(|c| matches!(c, 'a'..='z' | '0'..='9' | '-' | '_')),
            Self::Version => {
                let parts: Vec<&str> = text.split('.').collect();
                parts.len() == 3
                    && parts.iter().all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()))
            }
            Self::YoutubeOrVimeo => host(text).is_some_and(|host| {
                let of = |site: &str| host == site || host.ends_with(&format!(".{site}"));
                ["youtube.com", "youtu.be", "vimeo.com"].into_iter().any(of)
            }),
        }
    }

    fn description(self) -> &'static str {
        match self {
            Self::Guid => "a GUID in lowercase",
            Self::Https => "an https URL",
            Self::NoEmoji => "no emoji",
            Self::OneLine => "one line",
            Self::PlainText => "no HTML",
            Self::Slug => "lowercase letters, digits, - and _",
            Self::Version => "three integers separated by dots",
            Self::YoutubeOrVimeo => "an https URL on YouTube or Vimeo",
        }
    }
}

/// The host of an https URL, in lower case.
fn host(text: &str) -> Option<String> {
    let (scheme, rest) = text.split_once("://")?;
    let host = rest.split(['/', '?', '#', ':']).next()?.to_lowercase();
    (scheme.eq_ignore_ascii_case("https") && !host.is_empty() && !text.contains(char::is_whitespace)).then_some(host)
}

fn is_tag(after: &str) -> bool {
    after.contains('>') && after.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/')
}

fn is_emoji(c: char) -> bool {
    matches!(c, '\u{1f000}'..='\u{1faff}' | '\u{2600}'..='\u{27bf}' | '\u{fe0f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats() {
        use Format::*;
        let table: [(Format, &[&str], &[&str]); 8] = [
            (Guid, &["11111111-2222-3333-4444-55555555abcd"], &["11111111-2222-3333-4444-55555555ABCD", "1-2-3-4-5"]),
            (Https, &["https://a.example/b", "HTTPS://a.example"], &["http://a.example", "a.example", "https://"]),
            (NoEmoji, &["Contoso \u{fc}ber (1)"], &["Contoso \u{1f680}", "\u{2764}\u{fe0f}"]),
            (OneLine, &["one"], &["one\ntwo"]),
            (PlainText, &["1 < 2", "a < b > c"], &["<p>x</p>", "a<br/>"]),
            (Slug, &["a-1_b"], &["A", "a b", "a.b"]),
            (Version, &["1.0.0", "10.20.30"], &["1.0", "1.0.0.0", "1.0.x", "1..0"]),
            (
                YoutubeOrVimeo,
                &["https://www.youtube.com/watch?v=1", "https://vimeo.com/1"],
                &["https://notvimeo.com/1"],
            ),
        ];
        for (format, good, bad) in table {
            assert!(good.iter().all(|text| format.matches(text)), "{format:?} {good:?}");
            assert!(bad.iter().all(|text| !format.matches(text)), "{format:?} {bad:?}");
        }
    }
}
