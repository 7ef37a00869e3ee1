//! The normalized interface, the input of all emitters.

use super::index::Index;
use crate::document::finding::Finding;
use serde::{Deserialize, Serialize};
use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};

/// The whole interface. Maps are keyed by the Rust name.
#[derive(Debug, Default)]
pub struct Api {
    pub version: String,
    pub server: String,
    /// `info.title` of the document.
    pub title: String,
    /// The name of the crate in code; empty for that of this project.
    pub crate_name: String,
    pub structs: BTreeMap<String, Struct>,
    pub enums: BTreeMap<String, Enum>,
    pub unions: BTreeMap<String, Union>,
    pub ids: BTreeMap<String, Id>,
    pub operations: Vec<Operation>,
    /// Types that keep their setters, although nothing sends them any more.
    pub kept_setters: BTreeSet<String>,
    /// Notices for the maintainer, such as names derived by rule.
    pub notices: Vec<Finding>,
    /// What is looked up once the operations are complete.
    pub index: OnceCell<Index>,
}

/// The note of the deprecation, for an item that was removed from the document.
pub type Deprecation = Option<String>;

#[derive(Debug)]
pub struct Struct {
    pub pointer: String,
    pub doc: Option<String>,
    /// Sorted by wire name.
    pub fields: Vec<Field>,
    pub deprecation: Deprecation,
}

#[derive(Debug, Clone)]
pub struct Field {
    pub wire: String,
    pub rust: String,
    pub ty: Type,
    pub doc: Option<String>,
    pub pointer: String,
    /// Earlier names of the property, which responses may still use.
    pub aliases: Vec<String>,
    pub deprecation: Deprecation,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Type {
    Any,
    Bool,
    Decimal,
    Integer,
    Secret,
    Text,
    Timestamp,
    /// A property with one value, which identifies the type of the object.
    Tag(String),
    Enum(String),
    Id(String),
    Struct(String),
    Union(String),
    List(Box<Type>),
    Map(Box<Type>),
}

#[derive(Debug)]
pub struct Enum {
    pub pointer: String,
    pub doc: Option<String>,
    pub variants: Vec<Variant>,
    pub deprecation: Deprecation,
}

#[derive(Debug, Clone)]
pub struct Variant {
    pub rust: String,
    pub wire: String,
    pub deprecation: Deprecation,
}

#[derive(Debug)]
pub struct Union {
    pub pointer: String,
    pub doc: Option<String>,
    pub kind: UnionKind,
    pub deprecation: Deprecation,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum UnionKind {
    /// Members selected by a property with one value each.
    Tagged { tag: String, members: Vec<Member> },
    /// Members selected by their JSON type.
    Shaped { members: Vec<(Shape, Type)> },
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Member {
    pub variant: String,
    pub ty: String,
    pub value: String,
    #[serde(skip)]
    pub deprecation: Deprecation,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Shape {
    Flag,
    List,
    Number,
    Object,
    Text,
}

/// The identifier of one kind of resource: a path parameter.
#[derive(Debug)]
pub struct Id {
    pub wire: String,
    pub doc: Option<String>,
    pub deprecation: Deprecation,
}

#[derive(Debug)]
pub struct Operation {
    pub name: String,
    pub method: String,
    /// The path in the document.
    pub path: String,
    pub pointer: String,
    pub doc: Option<String>,
    /// In the order in the path.
    pub path_params: Vec<Param>,
    /// Query and header parameters, in the order of the document.
    pub params: Vec<Param>,
    pub if_match: IfMatch,
    pub body: Option<Type>,
    pub response: Option<Type>,
    /// True if a success may also have no body.
    pub may_be_empty: bool,
    /// Statuses of errors that the document lists.
    pub errors: Vec<String>,
    /// The resource, as the heading of its operations in the documentation.
    pub group: String,
    /// Other terms for the operation, for the documentation's search.
    pub terms: Vec<String>,
    /// Other terms for the resource.
    pub group_terms: Vec<String>,
    /// What a GET has to expand so that its response is the whole resource.
    pub expand: Option<String>,
}

/// The operations on one kind of resource.
pub struct Group<'a> {
    pub title: &'a str,
    pub terms: &'a [String],
    pub operations: Vec<&'a Operation>,
}

/// A resource that can be read, changed and written with its entity tag.
pub struct Modifier<'a> {
    pub name: String,
    pub resource: &'a Type,
    pub get: &'a Operation,
    pub put: &'a Operation,
}

#[derive(Debug, Clone)]
pub struct Param {
    pub place: ParamPlace,
    pub wire: String,
    pub rust: String,
    pub ty: Type,
    pub required: bool,
    /// True if a list repeats the parameter; else its items are separated by commas.
    pub explode: bool,
    pub doc: Option<String>,
    pub pointer: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParamPlace {
    Path,
    Query,
    Header,
}

/// Whether the operation declares the header If-Match.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IfMatch {
    No,
    Optional,
    Required,
}

impl Param {
    /// Returns true if progenitor's request has the parameter. The builder adds headers and lists itself.
    pub fn is_in_request(&self) -> bool {
        self.place != ParamPlace::Header && !matches!(self.ty, Type::List(_))
    }
}

impl Type {
    /// Calls `f` on this type and on every type inside it.
    pub fn visit_mut(&mut self, f: &mut impl FnMut(&mut Type)) {
        f(self);
        if let Type::List(inner) | Type::Map(inner) = self {
            inner.visit_mut(f);
        }
    }

    /// Returns the innermost item type of lists and maps.
    pub fn innermost(&self) -> &Type {
        match self {
            Type::List(inner) | Type::Map(inner) => inner.innermost(),
            other => other,
        }
    }
}

impl Struct {
    pub fn field(&self, wire: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.wire == wire)
    }

    /// The property with one value, if there is exactly one such property.
    pub fn tag(&self) -> Option<(&Field, &str)> {
        let mut tags = self.fields.iter().filter_map(|field| match &field.ty {
            Type::Tag(value) => Some((field, value.as_str())),
            _ => None,
        });
        let first = tags.next()?;
        tags.next().is_none().then_some(first)
    }

    /// Returns the parts of a page: items in `value` or in the only list, and a link to the next page.
    pub fn page(&self) -> Option<Page<'_>> {
        let next_link = ["nextLink", "@odata.nextLink", "@nextLink"].into_iter().find_map(|wire| self.field(wire))?;
        let mut lists = self.fields.iter().filter(|field| matches!(field.ty, Type::List(_)));
        let only = lists.next().filter(|_| lists.next().is_none());
        let items = self.field("value").or(only)?;
        let Type::List(item) = &items.ty else { return None };
        matches!(next_link.ty, Type::Text).then_some(Page { items, item, next_link })
    }
}

pub struct Page<'a> {
    pub items: &'a Field,
    pub item: &'a Type,
    pub next_link: &'a Field,
}

impl Operation {
    /// The fixed parts of the path: `listings` and `getByInstanceID` of `/listings/getByInstanceID(instanceID={instanceID})`.
    pub fn literals(&self) -> impl Iterator<Item = &str> {
        literals(&self.path)
    }

    /// The start of the documentation: its first sentence or clause, without the full stop.
    pub fn summary(&self) -> &str {
        let line = self.doc.as_deref().unwrap_or_default().lines().next().unwrap_or_default();
        let end = [". ", "; "].iter().filter_map(|end| line.find(end)).min().unwrap_or(line.len());
        line[..end].trim_end_matches('.')
    }

    /// The setter and the value that make the response of this operation as complete as that of the GET, if it accepts `$expand`.
    pub fn expansion<'a>(&'a self, get: &'a Operation) -> Option<(&'a str, &'a str)> {
        let param = self.params.iter().find(|param| param.wire == "$expand")?;
        Some((&param.rust, get.expand.as_deref()?))
    }

    /// Other terms for the operation and for its resource.
    pub fn all_terms(&self) -> impl Iterator<Item = &String> {
        self.terms.iter().chain(&self.group_terms)
    }
}

/// The fixed parts of a path.
pub fn literals(path: &str) -> impl Iterator<Item = &str> {
    let parts = path.split('/').filter(|part| !part.is_empty() && !part.starts_with('{'));
    parts.map(|part| part.split('(').next().unwrap_or(part))
}

impl Api {
    /// The name of the crate, for examples in the documentation.
    pub fn crate_name(&self) -> &str {
        if self.crate_name.is_empty() { "partner_ingestion_sdk" } else { &self.crate_name }
    }

    /// The operations by resource, in the order of the headings and paths.
    pub fn groups(&self) -> Vec<Group<'_>> {
        let mut groups: BTreeMap<&str, Group<'_>> = BTreeMap::new();
        for op in &self.operations {
            let group = Group { title: &op.group, terms: &op.group_terms, operations: Vec::new() };
            groups.entry(&op.group).or_insert(group).operations.push(op);
        }
        let rank = |op: &Operation| ["GET", "POST", "PUT", "PATCH", "DELETE"].iter().position(|m| *m == op.method);
        for group in groups.values_mut() {
            group.operations.sort_by_key(|op| (op.path.to_lowercase(), rank(op)));
        }
        groups.into_values().collect()
    }

    /// The resources with a GET and a PUT at one path, and an entity tag.
    pub fn modifiers(&self) -> Vec<Modifier<'_>> {
        self.operations.iter().filter_map(|op| self.modifier_of(op)).collect()
    }

    /// The resource that a PUT writes, if it can be read, changed and written with its entity tag.
    pub fn modifier_of<'a>(&'a self, put: &'a Operation) -> Option<Modifier<'a>> {
        let get = self.get_of(put).filter(|_| put.method == "PUT")?;
        let resource = put.body.as_ref().filter(|body| self.has_etag(body))?;
        let always = |op: &Operation| op.response.as_ref() == Some(resource) && !op.may_be_empty;
        let optional = get.params.iter().chain(&put.params).all(|param| !param.required);
        let name = format!("modify_{}", get.name.strip_prefix("get_").unwrap_or(&get.name));
        (always(get) && always(put) && optional).then_some(Modifier { name, resource, get, put })
    }

    /// The GET at the path of an operation.
    pub fn get_of(&self, op: &Operation) -> Option<&Operation> {
        self.operations.get(self.index().get_at(&op.path)?)
    }

    fn index(&self) -> &Index {
        self.index.get_or_init(|| Index::of(&self.operations))
    }

    /// Returns the number of different parts of paths before the id: one, `listings`, for the listing id of
    /// `/listings/{listingID}`.
    pub fn collections_of(&self, id: &str) -> usize {
        self.index().collections_of(id)
    }

    /// The page that an operation lists, and the type of its items.
    pub fn page_of<'a>(&'a self, op: &'a Operation) -> Option<(&'a str, &'a Type)> {
        let Some(Type::Struct(page)) = op.response.as_ref().filter(|_| op.method == "GET") else { return None };
        Some((page, self.structs.get(page)?.page()?.item))
    }

    /// Whether the type has an entity tag.
    pub fn has_etag(&self, ty: &Type) -> bool {
        match ty {
            Type::Struct(name) => self.structs.get(name).is_some_and(|s| s.field("@odata.etag").is_some()),
            Type::Union(_) => true,
            _ => false,
        }
    }

    /// Calls `f` on the type of every field, parameter, body and response.
    pub fn types_mut(&mut self, f: &mut impl FnMut(&mut Type)) {
        for field in self.structs.values_mut().flat_map(|s| &mut s.fields) {
            field.ty.visit_mut(f);
        }
        for union in self.unions.values_mut() {
            if let UnionKind::Shaped { members } = &mut union.kind {
                members.iter_mut().for_each(|(_, ty)| ty.visit_mut(f));
            }
        }
        for operation in &mut self.operations {
            let params = operation.path_params.iter_mut().chain(&mut operation.params).map(|p| &mut p.ty);
            params.chain(&mut operation.body).chain(&mut operation.response).for_each(|ty| ty.visit_mut(f));
        }
    }
}
