//! Rule: a path parameter has its own type, and the `id` of a GET's response has the type of the GET's parameter.

use super::Normaliser;
use crate::document::finding::Finding;
use crate::generate::model::api::{Id, Type, UnionKind};

impl Normaliser<'_> {
    pub(super) fn add_id(&mut self, name: &str, wire: &str, doc: Option<String>) {
        let id = self.api.ids.entry(name.to_owned()).or_insert_with(|| Id {
            wire: wire.to_owned(),
            doc: None,
            deprecation: None,
        });
        id.doc = id.doc.take().or(doc);
    }

    pub(super) fn ids(&mut self) {
        for id in self.names.ids.values() {
            if !self.api.ids.contains_key(id) {
                let message = format!("names.toml [ids]: no path has a parameter of the type {id}");
                self.findings.push(Finding::new("/paths", message).help("correct the row, or the parameter's name"));
            }
        }
        let mut owners: Vec<(String, String)> = Vec::new();
        for operation in self.api.operations.iter().filter(|op| op.method == "GET" && op.path.ends_with('}')) {
            let Some(Type::Id(id)) = operation.path_params.last().map(|param| &param.ty) else {
                continue;
            };
            match &operation.response {
                Some(Type::Struct(name)) => owners.push((name.clone(), id.clone())),
                Some(Type::Union(name)) => {
                    if let Some(UnionKind::Tagged { members, .. }) = self.api.unions.get(name).map(|u| &u.kind) {
                        owners.extend(members.iter().map(|member| (member.ty.clone(), id.clone())));
                    }
                }
                _ => {}
            }
        }
        for (owner, id) in owners {
            let fields = self.api.structs.get_mut(&owner).map(|s| s.fields.iter_mut());
            if let Some(field) = fields.into_iter().flatten().find(|f| f.wire == "id" && f.ty == Type::Text) {
                field.ty = Type::Id(id);
            }
        }
    }
}
