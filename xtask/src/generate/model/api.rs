//! The normalized interface, the input of all emitters.

use crate::document::finding::Finding;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The whole interface. Maps are keyed by the Rust name.
#[derive(Debug, Default)]
pub struct Api {
    pub version: String,
    pub server: String,
    pub structs: BTreeMap<String, Struct>,
    pub enums: BTreeMap<String, Enum>,
    pub unions: BTreeMap<String, Union>,
    pub ids: BTreeMap<String, Id>,
    pub operations: Vec<Operation>,
    /// Notices for the maintainer, such as names derived by rule.
    pub notices: Vec<Finding>,
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
    /// Statuses of errors that the document lists.
    pub errors: Vec<String>,
}

#[derive(Debug, Clone)]
pub struct Param {
    pub place: ParamPlace,
    pub wire: String,
    pub rust: String,
    pub ty: Type,
    pub required: bool,
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

    /// Returns the parts of a page: items in `value`, and a link to the next page.
    pub fn page(&self) -> Option<Page<'_>> {
        let Type::List(item) = &self.field("value")?.ty else {
            return None;
        };
        let next = self.field("nextLink").or_else(|| self.field("@odata.nextLink"))?;
        matches!(next.ty, Type::Text).then_some(Page { item, next_link: next })
    }
}

pub struct Page<'a> {
    pub item: &'a Type,
    pub next_link: &'a Field,
}

impl Api {
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
