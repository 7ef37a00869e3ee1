//! Rule: a schema is named by the last part of its dotted name; a page is named after its items.

use super::Normaliser;
use crate::document::finding::{Finding, Findings};
use crate::document::names::Names;
use crate::document::node::Node;
use crate::document::pointer::escape;
use crate::document::words;
use crate::generate::model::api::{Field, Struct};
use std::collections::BTreeMap;

/// The names of a component: `short` in the notation of `names.toml`, `rust` for the type.
pub struct SchemaName {
    pub short: String,
    pub rust: String,
}

pub type SchemaNames = BTreeMap<String, SchemaName>;

pub fn name_all(document: &Node<'_>, names: &Names, findings: &mut Findings) -> SchemaNames {
    let schemas = document.get("components").and_then(|c| c.get("schemas"));
    let members = match schemas.map(|node| node.members()).transpose() {
        Ok(members) => members.unwrap_or_default(),
        Err(finding) => {
            findings.push(finding);
            Vec::new()
        }
    };
    let mut owners: BTreeMap<String, String> = BTreeMap::new();
    let mut all = SchemaNames::new();
    for (full, _) in members {
        let short = short_name(full);
        let row = names.schema(full).or_else(|| names.schema(&short));
        let rust = row.map_or_else(|| rust_name(full), str::to_owned);
        let pointer = format!("/components/schemas/{}", escape(full));
        if let Some(other) = owners.insert(rust.to_lowercase(), full.to_owned()) {
            let message = format!("the schema would be called {rust}, like {other}");
            let help = format!("add a row to names.toml:\n[schemas]\n\"{full}\" = \"Another{rust}\"");
            findings.push(Finding::new(pointer, message).help(help));
        }
        all.insert(full.to_owned(), SchemaName { short, rust });
    }
    all
}

/// Returns the parts of a .NET generic name: `A.Outer_B.Inner_` is (`Outer`, `Inner`).
fn generic(full: &str) -> Option<(&str, &str)> {
    let (outer, argument) = full.strip_suffix('_')?.split_once('_')?;
    Some((last_part(outer), last_part(argument.trim_end_matches('_'))))
}

fn last_part(dotted: &str) -> &str {
    dotted.rsplit('.').next().unwrap_or(dotted)
}

fn short_name(full: &str) -> String {
    match generic(full) {
        Some((outer, argument)) => format!("{outer}_{argument}_"),
        None => last_part(full).to_owned(),
    }
}

fn rust_name(full: &str) -> String {
    words::type_name(&match generic(full) {
        Some(("PagedCollection", item)) => format!("{}Page", item.strip_prefix("Base").unwrap_or(item)),
        Some((outer, argument)) => format!("{argument}{outer}"),
        None => last_part(full).to_owned(),
    })
}

impl<'d> Normaliser<'d> {
    /// Adds a struct for every component that is an object. Other components are resolved at their uses.
    pub(super) fn components(&mut self) {
        let Some(schemas) = self.document.get("components").and_then(|c| c.get("schemas")) else {
            return;
        };
        let Some(members) = self.accept(schemas.members()) else {
            return;
        };
        for (full, node) in members {
            let name = &self.schemas[full];
            let (short, rust) = (name.short.clone(), name.rust.clone());
            if self.is_object(&node) {
                self.add_struct(&node, &short, rust);
            } else {
                // Components that are enums or unions are emitted even without references.
                let ty = self.type_of(&node, &short, &rust);
                self.accept(ty);
            }
        }
    }

    pub(super) fn add_struct(&mut self, node: &Node<'d>, place: &str, rust: String) {
        let properties = self.properties(node, place);
        let Some(properties) = self.accept(properties) else {
            return;
        };
        let mut fields = Vec::new();
        for property in properties {
            let field = self.field(&property, &rust);
            fields.extend(self.accept(field));
        }
        let wires: Vec<String> = fields.iter().map(|field: &Field| field.wire.clone()).collect();
        fields.iter_mut().for_each(|field| field.aliases.retain(|older| !wires.contains(older)));
        fields.sort_by(|a, b| a.wire.cmp(&b.wire));
        let doc = self.description(node);
        let pointer = node.pointer.clone();
        if let Some(other) =
            self.api.structs.insert(rust.clone(), Struct { pointer: pointer.clone(), doc, fields, deprecation: None })
        {
            let message = format!("the object would be called {rust}, like the one at {}", other.pointer);
            let help = format!("add a row to names.toml:\n[schemas]\n\"{place}\" = \"Another{rust}\"");
            self.findings.push(Finding::new(pointer, message).help(help));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_dotted_and_generic_names() {
        let table = [
            ("A.B.Products.AzureProduct", "AzureProduct", "AzureProduct"),
            ("A.PagedCollection_A.BaseProduct_", "ProductPage", "PagedCollection_BaseProduct_"),
            ("A.PagedCollection_A.Branch_", "BranchPage", "PagedCollection_Branch_"),
            ("A.ScheduleInfo_A.PriceSchedule_", "PriceScheduleScheduleInfo", "ScheduleInfo_PriceSchedule_"),
            ("plain_name", "PlainName", "plain_name"),
        ];
        for (full, rust, short) in table {
            assert_eq!((rust_name(full).as_str(), short_name(full).as_str()), (rust, short), "{full}");
        }
    }
}
