//! Converts Swagger 2.0 to OpenAPI 3.0: moves components and keywords, and leaves everything else unchanged.
//!
//! Vendor extensions for features of version 3 (`x-nullable`, `x-oneOf`) become its keywords.

mod parts;

use super::finding::{Finding, NotUsable};
use super::node::Node;
use super::pointer::{local_pointer, moved_reference};
use parts::{Members, content, each, form, header, parameter, schema, security_scheme, strings};
use serde_json::{Value, json};

/// Returns the same interface as an OpenAPI 3.0 document.
pub fn upgrade(document: &Value) -> Result<Value, NotUsable> {
    let lowering = Lowering { root: Node::root(document) };
    lowering
        .document()
        .map_err(|finding| NotUsable::at(&finding.pointer, format!("not a Swagger 2.0 document: {}", finding.message)))
}

struct Lowering<'d> {
    root: Node<'d>,
}

impl<'d> Lowering<'d> {
    fn document(&self) -> Result<Value, Finding> {
        for key in ["info", "paths"] {
            if !self.root.has(key) {
                return Err(Finding::new("", format!("`{key}` is missing")));
            }
        }
        let mut newer = Members::from_iter([("openapi".to_owned(), json!("3.0.3"))]);
        let mut components = Members::new();
        for (key, node) in self.root.members()? {
            match key {
                "swagger" | "host" | "basePath" | "schemes" | "consumes" | "produces" => {}
                "paths" => drop(newer.insert(key.to_owned(), each(&node, |item| self.path_item(item))?)),
                "definitions" => drop(components.insert("schemas".to_owned(), each(&node, schema)?)),
                "parameters" => drop(components.insert(key.to_owned(), self.shared_parameters(&node)?)),
                "responses" => {
                    let responses =
                        each(&node, |response| self.response(response, &self.media_types(&self.root, "produces")?))?;
                    components.insert(key.to_owned(), responses);
                }
                "securityDefinitions" => {
                    components.insert("securitySchemes".to_owned(), each(&node, security_scheme)?);
                }
                _ => drop(newer.insert(key.to_owned(), node.value.clone())),
            }
        }
        newer.insert("servers".to_owned(), self.servers()?);
        newer.insert("components".to_owned(), components.into());
        Ok(newer.into())
    }

    fn servers(&self) -> Result<Value, Finding> {
        let base = self.root.str_of("basePath")?.unwrap_or("/");
        let Some(host) = self.root.str_of("host")? else { return Ok(json!([{"url": base}])) };
        let mut schemes = strings(&self.root, "schemes")?;
        if schemes.is_empty() {
            schemes.push("https");
        }
        Ok(schemes.iter().map(|scheme| json!({"url": format!("{scheme}://{host}{base}")})).collect())
    }

    /// Inlines shared body and form parameters into the operations that refer to them. Other parameters stay shared.
    fn shared_parameters(&self, node: &Node<'d>) -> Result<Value, Finding> {
        let mut shared = Members::new();
        for (name, param) in node.members()? {
            if !is_body(&param) {
                shared.insert(name.to_owned(), parameter(&param)?);
            }
        }
        Ok(shared.into())
    }

    fn path_item(&self, item: &Node<'d>) -> Result<Value, Finding> {
        let (shared_body, shared) = self.split_parameters(item)?;
        let mut newer = Members::new();
        for (key, node) in item.members()? {
            let value = match key {
                "get" | "put" | "post" | "delete" | "options" | "head" | "patch" => {
                    self.operation(&node, &shared_body)?
                }
                "parameters" => Value::Array(shared.clone()),
                _ if key == "$ref" || key.starts_with("x-") => node.value.clone(),
                _ => return Err(Finding::new(&node.pointer, format!("unknown method `{key}`"))),
            };
            newer.insert(key.to_owned(), value);
        }
        Ok(newer.into())
    }

    fn operation(&self, operation: &Node<'d>, shared_body: &[Node<'d>]) -> Result<Value, Finding> {
        let (mut body, parameters) = self.split_parameters(operation)?;
        if body.is_empty() {
            body.extend_from_slice(shared_body);
        }
        let produces = self.media_types(operation, "produces")?;
        let mut newer = Members::new();
        for (key, node) in operation.members()? {
            match key {
                "consumes" | "produces" | "schemes" => {}
                "parameters" => drop(newer.insert(key.to_owned(), Value::Array(parameters.clone()))),
                "responses" => {
                    drop(newer.insert(key.to_owned(), each(&node, |response| self.response(response, &produces))?));
                }
                _ => drop(newer.insert(key.to_owned(), node.value.clone())),
            }
        }
        if !body.is_empty() {
            newer.insert("requestBody".to_owned(), self.request_body(operation, &body)?);
        }
        Ok(newer.into())
    }

    /// Returns the resolved parameters of the body, and the converted other parameters.
    fn split_parameters(&self, holder: &Node<'d>) -> Result<(Vec<Node<'d>>, Vec<Value>), Finding> {
        let (mut body, mut others) = (Vec::new(), Vec::new());
        for param in holder.items_of("parameters")? {
            let resolved = self.resolve(&param)?;
            match is_body(&resolved) {
                true => body.push(resolved),
                false => others.push(parameter(&param)?),
            }
        }
        Ok((body, others))
    }

    /// Returns the shared parameter that this one refers to. A broken reference is reported by a later check.
    fn resolve(&self, param: &Node<'d>) -> Result<Node<'d>, Finding> {
        let Some(pointer) = param.str_of("$ref")?.and_then(local_pointer) else { return Ok(param.clone()) };
        let found = self.root.value.pointer(&pointer);
        Ok(found.map_or_else(|| param.clone(), |value| Node { value, pointer }))
    }

    fn request_body(&self, operation: &Node<'d>, params: &[Node<'d>]) -> Result<Value, Finding> {
        let consumes = self.media_types(operation, "consumes")?;
        let first = &params[0];
        if first.str_of("in")? == Some("body") {
            let mut body = Members::new();
            for (key, node) in first.members()? {
                match key {
                    "in" | "name" => {}
                    "schema" => drop(body.insert("content".to_owned(), content(&consumes, &schema(&node)?))),
                    _ => drop(body.insert(key.to_owned(), node.value.clone())),
                }
            }
            return Ok(body.into());
        }
        form(&consumes, params)
    }

    /// Returns the media types of an operation's bodies. Default: `application/json`.
    fn media_types(&self, holder: &Node<'d>, key: &str) -> Result<Vec<&'d str>, Finding> {
        for holder in [holder, &self.root] {
            let types = strings(holder, key)?;
            if !types.is_empty() {
                return Ok(types);
            }
        }
        Ok(vec!["application/json"])
    }

    fn response(&self, response: &Node<'d>, produces: &[&str]) -> Result<Value, Finding> {
        let mut newer = Members::new();
        for (key, node) in response.members()? {
            match key {
                "$ref" => drop(newer.insert(key.to_owned(), moved_reference(node.str()?).into())),
                "schema" => drop(newer.insert("content".to_owned(), content(produces, &schema(&node)?))),
                "headers" => drop(newer.insert(key.to_owned(), each(&node, header)?)),
                "examples" => {}
                _ => drop(newer.insert(key.to_owned(), node.value.clone())),
            }
        }
        if let (Some(examples), Some(Value::Object(content))) = (response.get("examples"), newer.get_mut("content")) {
            for (media, example) in examples.members()? {
                if let Some(Value::Object(content)) = content.get_mut(media) {
                    content.insert("example".to_owned(), example.value.clone());
                }
            }
        }
        Ok(newer.into())
    }
}

fn is_body(param: &Node<'_>) -> bool {
    matches!(param.value["in"].as_str(), Some("body" | "formData"))
}
