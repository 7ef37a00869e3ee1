//! Rule: every operation has a name, that of its row or else its operation id, and one success type. The client adds token, request id
//! and If-Match. Errors are not decoded by type.

use super::Normaliser;
use crate::document::finding::Finding;
use crate::document::names::Names;
use crate::document::node::Node;
use crate::document::pointer::component;
use crate::document::words;
use crate::generate::model::api::{IfMatch, Operation, Param, ParamPlace, Type, literals};
use serde_json::Value;
use std::collections::BTreeSet;

const METHODS: [&str; 7] = ["delete", "get", "head", "options", "patch", "post", "put"];

impl<'d> Normaliser<'d> {
    pub(super) fn operations(&mut self) {
        let Some(paths) = self.document.get("paths") else {
            return;
        };
        let Some(paths) = self.accept(paths.members()) else {
            return;
        };
        for (path, item) in paths.into_iter().filter(|(path, _)| path.starts_with('/')) {
            for method in METHODS {
                if let Some(node) = item.get(method) {
                    let operation = self.operation(path, method, &item, &node);
                    let operation = self.accept(operation).flatten();
                    self.api.operations.extend(operation);
                }
            }
        }
        self.api.operations.sort_by(|a, b| a.name.cmp(&b.name));
    }

    fn operation(
        &mut self,
        path: &str,
        method: &str,
        item: &Node<'d>,
        node: &Node<'d>,
    ) -> Result<Option<Operation>, Finding> {
        node.object()?;
        let method = method.to_uppercase();
        let key = format!("{method} {path}");
        let row = self.names.operation(&key).map(str::to_owned);
        let Some(name) = row.or(operation_id(node)?) else {
            let help = format!("add a row to names.toml:\n[operations]\n\"{key}\" = \"{}\"", proposal(&method, path));
            return Err(Finding::new(&node.pointer, "the operation has no name").help(help));
        };
        let (params, if_match) = self.params(&key, item, node)?;
        let (path_params, params): (Vec<_>, Vec<_>) = params.into_iter().partition(|p| p.place == ParamPlace::Path);
        let path_params = in_path_order(path, path_params, node)?;
        let camel = words::camel(&name);
        let (group, group_terms) = self.group(path);
        let (response, may_be_empty) = self.success(&key, node, &format!("{camel}Response"))?;
        Ok(Some(Operation {
            path: path.to_owned(),
            pointer: node.pointer.clone(),
            doc: self.text(node, "summary")?.or(self.description(node)),
            body: self.body(&key, node, &format!("{camel}Body"))?,
            errors: error_statuses(node),
            response,
            may_be_empty,
            name,
            method,
            path_params,
            params,
            if_match,
            group,
            group_terms,
            terms: self.names.terms(&key).to_vec(),
            expand: self.names.expand(&key).map(str::to_owned),
        }))
    }

    /// The heading of the operations on a resource, and other terms for it. Default: the second fixed part of the path, or the
    /// first one.
    fn group(&self, path: &str) -> (String, Vec<String>) {
        let literals: Vec<String> = literals(path).map(str::to_owned).collect();
        match self.names.group(&literals) {
            Some((title, key)) => (title.to_owned(), self.names.terms(&key).to_vec()),
            None => (words::heading(literals.get(1).or(literals.first()).map_or("", String::as_str)), Vec::new()),
        }
    }

    /// Returns the parameters of the operation and of its path. Those of the operation override those of the path.
    fn params(&mut self, key: &str, item: &Node<'d>, node: &Node<'d>) -> Result<(Vec<Param>, IfMatch), Finding> {
        let mut all: Vec<Param> = Vec::new();
        let mut if_match = IfMatch::No;
        for param in item.items_of("parameters")?.into_iter().chain(node.items_of("parameters")?) {
            let param = self.resolve(&param, "parameters")?;
            let wire =
                param.str_of("name")?.ok_or_else(|| Finding::new(&param.pointer, "the parameter has no name"))?;
            let required = param.value.get("required").and_then(|r| r.as_bool()).unwrap_or(false);
            let place = match param.str_of("in")? {
                Some("path") => ParamPlace::Path,
                Some("query") => ParamPlace::Query,
                Some("header") => match wire.to_ascii_lowercase().as_str() {
                    // OpenAPI 3.0 ignores parameters with the names of the body's and the token's headers.
                    "authorization" | "client-request-id" | "accept" | "content-type" => continue,
                    "if-match" => {
                        if_match = if required { IfMatch::Required } else { IfMatch::Optional };
                        continue;
                    }
                    name if is_header_name(name) => ParamPlace::Header,
                    _ => {
                        let message = format!("{wire:?} is not a valid name of a header");
                        let help = "correct the name, or remove the parameter, in openapi/overlays/";
                        return Err(Finding::new(format!("{}/name", param.pointer), message).help(help));
                    }
                },
                other => {
                    let message = format!("a parameter in {} is not supported", other.unwrap_or("no place"));
                    let help = "remove the parameter in openapi/overlays/, or add support in the generator";
                    return Err(Finding::new(&param.pointer, message).help(help));
                }
            };
            let ty = self.param_type(key, &param, wire, place)?;
            let rust = self.names.field(wire).map_or_else(|| words::snake(wire), str::to_owned);
            let doc = self.description(&param);
            let required = required || place == ParamPlace::Path;
            let explode = explode(&param, place, &ty)?;
            let pointer = param.pointer.clone();
            all.retain(|other| other.wire != wire || other.place != place);
            all.push(Param { place, wire: wire.to_owned(), rust, ty, required, explode, doc, pointer });
        }
        Ok((all, if_match))
    }

    /// Returns the type of a parameter: an identifier or an enum in a path, text or an enum elsewhere.
    fn param_type(&mut self, key: &str, param: &Node<'d>, wire: &str, place: ParamPlace) -> Result<Type, Finding> {
        let name = words::type_name(wire);
        let schema = param.get("schema");
        let ty = match &schema {
            Some(schema) => self.type_of(schema, &format!("{key}#{wire}"), &name)?,
            None => Type::Text,
        };
        Ok(match (place, ty) {
            (_, ty @ Type::Enum(_)) => ty,
            (ParamPlace::Path, _) => {
                self.add_id(&name, wire, self.description(param));
                Type::Id(name)
            }
            (_, ty @ (Type::Bool | Type::Integer)) => ty,
            (_, Type::List(item)) => Type::List(Box::new(match *item {
                item @ (Type::Bool | Type::Integer | Type::Enum(_)) => item,
                Type::Struct(_) | Type::Union(_) | Type::List(_) | Type::Map(_) => {
                    return Err(not_a_parameter(param, "a list of objects or lists"));
                }
                _ => Type::Text,
            })),
            (_, Type::Struct(_) | Type::Union(_) | Type::Map(_)) => return Err(not_a_parameter(param, "an object")),
            _ => Type::Text,
        })
    }

    /// Returns the type of the request body. A documented body is required.
    fn body(&mut self, key: &str, node: &Node<'d>, name: &str) -> Result<Option<Type>, Finding> {
        let Some(body) = node.get("requestBody") else {
            return Ok(None);
        };
        let body = self.resolve(&body, "requestBodies")?;
        self.json(&body, &format!("{key}#body"), name)
    }

    /// Returns the type of the success responses, and whether a success may also have no body. The type must be the same for all
    /// statuses, because the service returns 200 where the document has 201.
    fn success(&mut self, key: &str, node: &Node<'d>, name: &str) -> Result<(Option<Type>, bool), Finding> {
        let mut types: Vec<(String, Type)> = Vec::new();
        let mut empty = None;
        let responses =
            node.get("responses").ok_or_else(|| Finding::new(&node.pointer, "the operation has no responses"))?;
        for (status, response) in responses.members()?.into_iter().filter(|(status, _)| status.starts_with('2')) {
            let response = self.resolve(&response, "responses")?;
            // RFC 9110 allows no body with these statuses, whatever the document has.
            let ty = match status {
                "204" | "205" => None,
                _ => self.json(&response, &format!("{key}#{status}"), name)?,
            };
            match ty {
                None => empty = Some(response.pointer),
                Some(ty) if types.iter().any(|(_, known)| *known == ty) => {}
                Some(ty) => types.push((status.to_owned(), ty)),
            }
        }
        if types.len() > 1 {
            let statuses: Vec<_> = types.iter().map(|(status, _)| status.as_str()).collect();
            let message = format!("{key} has success responses of different types: {}", statuses.join(", "));
            return Err(Finding::new(&responses.pointer, message).help("correct the wrong one in openapi/overlays/"));
        }
        let response = types.pop().map(|(_, ty)| ty);
        let empty = empty.filter(|_| response.is_some());
        if let (Some(pointer), Some(Type::Struct(page))) = (&empty, &response)
            && key.starts_with("GET ")
            && self.api.structs.get(page).is_some_and(|page| page.page().is_some())
        {
            let message = format!("{key} lists pages, but a success has no body");
            let help = "remove this response in openapi/overlays/, or give it the body of the other one";
            return Err(Finding::new(pointer, message).help(help));
        }
        Ok((response, empty.is_some()))
    }

    /// Returns the type of the JSON content of a body or response, if it has content.
    fn json(&mut self, holder: &Node<'d>, place: &str, name: &str) -> Result<Option<Type>, Finding> {
        let Some(content) = holder.get("content") else {
            return Ok(None);
        };
        let media = content.members()?;
        let json = media.iter().find(|(name, _)| is_json(name));
        match (json, media.first()) {
            (Some((_, json)), _) => match json.get("schema") {
                Some(schema) => self.type_of(&schema, place, name).map(Some),
                None => Ok(Some(Type::Any)),
            },
            (None, Some((other, _))) => {
                Err(Finding::new(&content.pointer, format!("media type {other} is not supported, only JSON is")))
            }
            (None, None) => Ok(None),
        }
    }

    /// Returns the target of a reference to a shared parameter, body or response.
    fn resolve(&self, node: &Node<'d>, kind: &str) -> Result<Node<'d>, Finding> {
        let mut node = node.clone();
        for _ in 0..8 {
            let Some(reference) = node.str_of("$ref")? else {
                return Ok(node);
            };
            let target =
                component(reference, kind).and_then(|name| self.document.get("components")?.get(kind)?.get(&name));
            node = target.ok_or_else(|| {
                Finding::new(format!("{}/$ref", node.pointer), format!("{reference} is not in components/{kind}"))
            })?;
        }
        Err(Finding::new(&node.pointer, "references are circular, or pass through too many others"))
    }
}

fn not_a_parameter(param: &Node<'_>, what: &str) -> Finding {
    let message = format!("{what} as a parameter is not supported");
    let help = "replace its schema with one of a text in openapi/overlays/, or remove the parameter";
    Finding::new(format!("{}/schema", param.pointer), message).help(help)
}

/// Returns whether a list repeats the parameter. Default: in a query it does.
fn explode(param: &Node<'_>, place: ParamPlace, ty: &Type) -> Result<bool, Finding> {
    let Type::List(_) = ty else { return Ok(false) };
    let in_query = place == ParamPlace::Query;
    let default = if in_query { "form" } else { "simple" };
    match param.str_of("style")? {
        Some(style) if style != default => {
            let message = format!("a list with the style {style} is not supported");
            let help = format!("remove `style` in openapi/overlays/ if the service also accepts {default}");
            Err(Finding::new(format!("{}/style", param.pointer), message).help(help))
        }
        _ => Ok(in_query && param.value.get("explode").and_then(Value::as_bool).unwrap_or(true)),
    }
}

/// Returns true for a token of RFC 9110, section 5.6.2.
fn is_header_name(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c))
}

fn error_statuses(node: &Node<'_>) -> Vec<String> {
    let responses = node.value.get("responses").and_then(|r| r.as_object()).into_iter().flatten();
    let errors = responses.map(|(status, _)| status).filter(|status| status.starts_with(['3', '4', '5']));
    errors.cloned().collect()
}

fn is_json(media: &str) -> bool {
    let media = media.split(';').next().unwrap_or(media).trim().to_ascii_lowercase();
    media == "application/json" || media == "text/json" || media.ends_with("+json") || media == "*/*"
}

/// Checks that the path and the path parameters have the same names.
fn in_path_order(path: &str, mut params: Vec<Param>, node: &Node<'_>) -> Result<Vec<Param>, Finding> {
    let mut ordered = Vec::new();
    for wire in path.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(wire, _)| wire) {
        let at = params.iter().position(|param| param.wire == wire);
        let at = at.ok_or_else(|| {
            Finding::new(&node.pointer, format!("the path has {{{wire}}}, but the operation has no such parameter"))
        })?;
        ordered.push(params.remove(at));
    }
    match params.first() {
        None => Ok(ordered),
        Some(param) => Err(Finding::new(&param.pointer, format!("the path has no {{{}}}", param.wire))),
    }
}

/// Returns the name in the document, as a method's name.
fn operation_id(node: &Node<'_>) -> Result<Option<String>, Finding> {
    let id = node.str_of("operationId")?.map(words::snake);
    Ok(id.filter(|_| node.value["operationId"] != ""))
}

/// Proposes a name from the method and the last literal part of the path.
fn proposal(method: &str, path: &str) -> String {
    let verb = match method {
        "GET" if path.ends_with('}') => "get",
        "GET" => "list",
        "POST" => "create",
        "PUT" => "replace",
        other => return words::snake(&format!("{} {}", other.to_lowercase(), fixed_part(path))),
    };
    words::snake(&format!("{verb} {}", fixed_part(path)))
}

/// Returns the operations without a name, as method and path, each with a proposed name.
pub fn unnamed(document: &Value, names: &Names) -> Vec<(String, String)> {
    let mut taken: BTreeSet<String> = names.operations.values().cloned().collect();
    let mut rows = Vec::new();
    for (path, item) in document.get("paths").and_then(Value::as_object).into_iter().flatten() {
        for method in METHODS.into_iter().filter(|method| item.get(method).is_some()) {
            let key = format!("{} {path}", method.to_uppercase());
            let has_id = item[method].get("operationId").is_some_and(|id| id.is_string() && id != "");
            if names.operations.contains_key(&key) || has_id || !path.starts_with('/') {
                continue;
            }
            let name = proposal(&method.to_uppercase(), path);
            let numbered = (2..).map(|number| format!("{name}_{number}"));
            let name = std::iter::once(name.clone()).chain(numbered).find(|name| taken.insert(name.clone()));
            rows.extend(name.map(|name| (key, name)));
        }
    }
    rows
}

fn fixed_part(path: &str) -> &str {
    let part = path.rsplit('/').find(|part| !part.is_empty() && !part.starts_with('{')).unwrap_or("root");
    part.split('(').next().unwrap_or(part)
}
