//! Rule: equal sets of values have one Rust type.

use super::Normaliser;
use crate::document::finding::Finding;
use crate::document::words;
use crate::generate::model::api::{Enum, Type, Variant};
use std::collections::{BTreeMap, BTreeSet};

/// The places with a list of values. They are named when all are known.
#[derive(Default)]
pub struct Registry(BTreeMap<String, Site>);

struct Site {
    values: Vec<String>,
    /// Owner and property, the name of a place without a row.
    fallback: String,
    pointer: String,
    doc: Option<String>,
}

impl Registry {
    pub fn add(&mut self, place: &str, fallback: &str, values: Vec<String>, pointer: &str, doc: Option<String>) {
        let site = Site { values, fallback: fallback.to_owned(), pointer: pointer.to_owned(), doc };
        self.0.entry(place.to_owned()).or_insert(site);
    }
}

impl Normaliser<'_> {
    /// Names the enum of every place: by its row, else by an equal set of values, else by owner and property.
    pub(super) fn name_enums(&mut self) {
        let mut names: BTreeMap<String, String> = BTreeMap::new();
        for (name, places) in &self.names.enums {
            for place in places {
                if self.enums.0.contains_key(place) && self.names.enum_at(place).is_some() {
                    names.insert(place.clone(), name.clone());
                    self.merge_enum(name, place);
                }
            }
        }
        let mut by_values: BTreeMap<BTreeSet<String>, String> = BTreeMap::new();
        for (name, known) in &self.api.enums {
            by_values.insert(known.variants.iter().map(|v| v.wire.clone()).collect(), name.clone());
        }
        let unnamed: Vec<String> = self.enums.0.keys().filter(|place| !names.contains_key(*place)).cloned().collect();
        for place in unnamed {
            let site = &self.enums.0[&place];
            let values: BTreeSet<String> = site.values.iter().cloned().collect();
            let name = by_values.entry(values).or_insert_with(|| site.fallback.clone()).clone();
            let message = format!("{place} has no row in names.toml [enums]; named {name}");
            self.api.notices.push(Finding::new(&site.pointer, message));
            self.merge_enum(&name, &place);
            names.insert(place, name);
        }
        self.api.types_mut(&mut |ty| {
            if let Type::Enum(place) = ty {
                *place = names.get(place.as_str()).unwrap_or(place).clone();
            }
        });
    }

    fn merge_enum(&mut self, name: &str, place: &str) {
        let site = &self.enums.0[place];
        let merged = self.api.enums.entry(name.to_owned()).or_insert_with(|| Enum {
            pointer: site.pointer.clone(),
            doc: None,
            variants: Vec::new(),
            deprecation: None,
        });
        merged.doc = merged.doc.take().or_else(|| site.doc.clone());
        for wire in &site.values {
            if !merged.variants.iter().any(|v| v.wire == *wire) {
                let rust = self.names.variant(name, wire).map_or_else(|| words::camel(wire), str::to_owned);
                merged.variants.push(Variant { rust, wire: wire.clone(), deprecation: None });
            }
        }
    }
}
