//! Rule: members of a union are selected by a property with one value each, or else by their JSON type.

use super::Normaliser;
use crate::document::finding::Finding;
use crate::document::node::Node;
use crate::document::words;
use crate::generate::model::api::{Member, Shape, Type, Union, UnionKind};

/// A member with its tag.
struct Tagged {
    ty: String,
    tag: String,
    value: String,
    bases: Vec<String>,
}

impl<'d> Normaliser<'d> {
    pub(super) fn union(
        &mut self,
        node: &Node<'d>,
        members: &[Node<'d>],
        place: &str,
        name: &str,
    ) -> Result<Type, Finding> {
        if let [single] = members {
            return self.type_of(single, place, name);
        }
        if let Some(tagged) = self.tagged(members)? {
            return self.tagged_union(node, tagged, place, name);
        }
        // Two objects differ in nothing that is checked, so that neither gets a type.
        let objects = members.iter().filter(|member| {
            let target = self.target(member).map(|(target, _)| target);
            target.is_ok_and(|target| self.is_object(&target) || target.value["type"] == "object")
        });
        if objects.count() > 1 {
            return Ok(self.plain(node));
        }
        let mut shapes = Vec::new();
        for member in members {
            let kind = words::camel(member.str_of("type")?.unwrap_or("member"));
            let inner = words::type_name(&format!("{name}{kind}"));
            let ty = self.type_of(member, place, &inner)?;
            shapes.extend(shape(&ty).map(|shape| (shape, ty)));
        }
        shapes.sort();
        let distinct = shapes.windows(2).all(|pair| pair[0].0 != pair[1].0);
        if shapes.len() < members.len() || !distinct {
            return Ok(self.plain(node));
        }
        let doc = self.description(node);
        let union = Union {
            pointer: node.pointer.clone(),
            doc,
            kind: UnionKind::Shaped { members: shapes },
            deprecation: None,
        };
        self.api.unions.insert(name.to_owned(), union);
        Ok(Type::Union(name.to_owned()))
    }

    fn plain(&mut self, node: &Node<'d>) -> Type {
        let notice = Finding::new(&node.pointer, "the alternatives cannot be distinguished; kept as plain JSON");
        self.api.notices.push(notice);
        Type::Any
    }

    /// Returns the members with their tags, if all are components with a tag of the same name.
    fn tagged(&self, members: &[Node<'d>]) -> Result<Option<Vec<Tagged>>, Finding> {
        let mut found: Vec<Tagged> = Vec::new();
        for member in members {
            let (target, short) = self.target(member)?;
            if short.is_empty() || !self.is_object(&target) {
                return Ok(None);
            }
            let mut tags = Vec::new();
            for property in self.properties(&target, &short)? {
                let value = self.tag_value(&property.wire, &property.node);
                tags.extend(value.map(|value| (property.wire, value)));
            }
            let [(tag, value)] = tags.as_slice() else {
                return Ok(None);
            };
            if found.iter().any(|other| other.tag != *tag) {
                return Ok(None);
            }
            let ty = self.rust_name_of(&target);
            found.push(Tagged { ty, tag: tag.clone(), value: value.clone(), bases: self.bases(&target)? });
        }
        Ok(Some(found).filter(|found| !found.is_empty()))
    }

    fn tagged_union(&mut self, node: &Node<'d>, found: Vec<Tagged>, place: &str, name: &str) -> Result<Type, Finding> {
        let base = found[0].bases.iter().find(|base| found.iter().all(|member| member.bases.contains(base)));
        let own = node.pointer.starts_with("/components/schemas/") && node.pointer.matches('/').count() == 3;
        let row = self.names.union(place).or_else(|| self.names.union(base?));
        let name = match (row, base) {
            (Some(row), _) => row.to_owned(),
            (None, _) if own => name.to_owned(),
            (None, Some(base)) if base.starts_with("Base") => base["Base".len()..].to_owned(),
            (None, _) => {
                let help = format!("add a row to names.toml:\n[unions]\n{name} = \"{place}\"");
                return Err(Finding::new(&node.pointer, "the union has no name and no common base").help(help));
            }
        };
        let tag = found[0].tag.clone();
        let doc = self.description(node);
        let union = self.api.unions.entry(name.clone()).or_insert_with(|| Union {
            pointer: node.pointer.clone(),
            doc,
            kind: UnionKind::Tagged { tag, members: Vec::new() },
            deprecation: None,
        });
        let UnionKind::Tagged { members, .. } = &mut union.kind else {
            return Err(Finding::new(&node.pointer, format!("{name} is a union of another kind at {}", union.pointer)));
        };
        for member in found {
            let variant = member.ty.strip_suffix(&name).filter(|v| !v.is_empty()).unwrap_or(&member.ty).to_owned();
            if !members.iter().any(|known| known.ty == member.ty) {
                members.push(Member { variant, ty: member.ty, value: member.value, deprecation: None });
            }
        }
        members.sort();
        Ok(Type::Union(name))
    }

    fn rust_name_of(&self, target: &Node<'d>) -> String {
        self.schemas[&crate::document::pointer::last_segment(&target.pointer)].rust.clone()
    }

    /// Returns the bases of a component, nearest first.
    fn bases(&self, node: &Node<'d>) -> Result<Vec<String>, Finding> {
        let mut bases = Vec::new();
        let mut next = vec![node.clone()];
        while let Some(node) = next.pop() {
            for part in node.items_of("allOf")?.iter().filter(|part| part.has("$ref")) {
                let (target, _) = self.target(part)?;
                let base = self.rust_name_of(&target);
                if !bases.contains(&base) {
                    bases.push(base);
                    next.push(target);
                }
            }
        }
        Ok(bases)
    }
}

fn shape(ty: &Type) -> Option<Shape> {
    Some(match ty {
        Type::Bool => Shape::Flag,
        Type::Decimal | Type::Integer => Shape::Number,
        Type::Secret | Type::Text | Type::Timestamp | Type::Tag(_) | Type::Enum(_) | Type::Id(_) => Shape::Text,
        Type::Struct(_) | Type::Map(_) => Shape::Object,
        Type::List(_) => Shape::List,
        Type::Union(_) | Type::Any => return None,
    })
}
