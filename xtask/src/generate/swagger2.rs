//! Lowers Swagger 2.0 to OpenAPI 3.0: moves what version 3 keeps elsewhere and leaves everything else as it is.
//!
//! Vendors write what version 2 cannot say as extensions (`x-nullable`, `x-oneOf`); they become the keywords of version 3.

use super::finding::Finding;
use super::load::NotUsable;
use super::node::{Node, local_pointer};
use serde_json::{Map, Value, json};

type Members = Map<String, Value>;

/// Extensions that version 3 has as keywords.
const PROMOTED: [&str; 4] = ["nullable", "oneOf", "anyOf", "deprecated"];

/// Members of a parameter that belong to its schema in version 3.
const SCHEMA_KEYWORDS: [&str; 19] = [
    "default",
    "enum",
    "exclusiveMaximum",
    "exclusiveMinimum",
    "format",
    "items",
    "maxItems",
    "maxLength",
    "maximum",
    "minItems",
    "minLength",
    "minimum",
    "multipleOf",
    "pattern",
    "type",
    "uniqueItems",
    "x-anyOf",
    "x-nullable",
    "x-oneOf",
];

/// Where version 3 keeps the reusable parts of version 2.
const MOVED: [(&str, &str); 3] = [
    ("/definitions/", "/components/schemas/"),
    ("/parameters/", "/components/parameters/"),
    ("/responses/", "/components/responses/"),
];

/// Returns the same interface as an OpenAPI 3.0 document.
pub fn upgrade(document: &Value) -> Result<Value, NotUsable> {
    let lowering = Lowering { root: Node::root(document) };
    lowering
        .document()
        .map_err(|finding| NotUsable::at(&finding.pointer, format!("not a Swagger 2.0 document: {}", finding.message)))
}

/// Returns the place of Swagger 2.0 that a place of the OpenAPI document was made from, as far as that is known.
pub fn older_pointer(pointer: &str) -> String {
    let moved = MOVED.iter().find_map(|(older, newer)| Some(format!("{older}{}", pointer.strip_prefix(newer)?)));
    moved.unwrap_or_else(|| pointer.to_owned())
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

    /// Parameters in bodies and forms are part of the operations that refer to them; the others stay shared.
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

    /// The parameters that make up the body, resolved, and the others in their new form.
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

    /// The shared parameter that this one refers to. A reference to nothing is reported by the checks of every document.
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

    /// What an operation sends or receives; `application/json` where the document says nothing.
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
                "$ref" => drop(newer.insert(key.to_owned(), moved_reference(node.str()?))),
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

/// A parameter in a path, a query or a header.
fn parameter(param: &Node<'_>) -> Result<Value, Finding> {
    if let Some(reference) = param.str_of("$ref")? {
        return Ok(json!({"$ref": moved_reference(reference)}));
    }
    let mut newer = with_schema(param)?;
    if let Some(format) = param.str_of("collectionFormat")? {
        newer.remove("collectionFormat");
        let in_query = param.value["in"] == "query";
        let (style, explode) = match format {
            "csv" if in_query => ("form", false),
            "csv" => ("simple", false),
            "multi" => ("form", true),
            "ssv" => ("spaceDelimited", false),
            "pipes" => ("pipeDelimited", false),
            other => {
                let pointer = format!("{}/collectionFormat", param.pointer);
                return Err(Finding::new(
                    &pointer,
                    format!("OpenAPI 3.0 has no form for the collection format `{other}`"),
                ));
            }
        };
        newer.insert("style".to_owned(), style.into());
        newer.insert("explode".to_owned(), explode.into());
    } else if param.value["type"] == "array" && param.value["in"] == "query" {
        // The default of version 2 is a comma-separated list, that of version 3 is a repeated parameter.
        newer.insert("explode".to_owned(), false.into());
    }
    Ok(newer.into())
}

fn header(header: &Node<'_>) -> Result<Value, Finding> {
    let mut newer = with_schema(header)?;
    newer.remove("collectionFormat");
    Ok(newer.into())
}

/// Moves the keywords of a type below `schema`.
fn with_schema(node: &Node<'_>) -> Result<Members, Finding> {
    let (keywords, mut newer): (Members, Members) =
        node.object()?.clone().into_iter().partition(|(key, _)| SCHEMA_KEYWORDS.contains(&key.as_str()));
    let inner = schema(&Node { value: &keywords.into(), pointer: node.pointer.clone() })?;
    newer.insert("schema".to_owned(), inner);
    Ok(newer)
}

/// The fields of a form as one object.
fn form(consumes: &[&str], fields: &[Node<'_>]) -> Result<Value, Finding> {
    const MULTIPART: &str = "multipart/form-data";
    let (mut properties, mut required) = (Members::new(), Vec::new());
    let mut has_file = false;
    for field in fields {
        let Some(name) = field.str_of("name")? else {
            return Err(Finding::new(&field.pointer, "a field of a form needs a name"));
        };
        has_file |= field.value["type"] == "file";
        let mut newer = with_schema(field)?;
        let mut property = newer.remove("schema").unwrap_or_default();
        if let (Some(description), Some(property)) = (newer.remove("description"), property.as_object_mut()) {
            property.insert("description".to_owned(), description);
        }
        properties.insert(name.to_owned(), property);
        if field.value["required"] == true {
            required.push(name);
        }
    }
    let mut schema = json!({"type": "object", "properties": properties});
    if !required.is_empty() {
        schema["required"] = required.into();
    }
    let forms = [MULTIPART, "application/x-www-form-urlencoded"];
    let mut media: Vec<&str> = consumes.iter().copied().filter(|media| forms.contains(media)).collect();
    if media.is_empty() {
        media.push(if has_file { MULTIPART } else { forms[1] });
    }
    Ok(json!({"content": content(&media, &schema)}))
}

fn content(media_types: &[&str], schema: &Value) -> Value {
    media_types.iter().map(|media| ((*media).to_owned(), json!({"schema": schema}))).collect::<Members>().into()
}

/// A schema with the keywords and references of version 3, all the way down.
fn schema(node: &Node<'_>) -> Result<Value, Finding> {
    let Value::Object(_) = node.value else { return Ok(node.value.clone()) };
    let mut newer = Members::new();
    for (key, node) in node.members()? {
        let keyword = key.strip_prefix("x-").filter(|keyword| PROMOTED.contains(keyword)).unwrap_or(key);
        let value = match (keyword, node.value) {
            ("$ref", Value::String(reference)) => moved_reference(reference),
            ("properties", Value::Object(_)) => each(&node, schema)?,
            ("items" | "additionalProperties" | "not", _) => schema(&node)?,
            ("allOf" | "oneOf" | "anyOf", Value::Array(_)) => {
                node.items()?.iter().map(schema).collect::<Result<Vec<_>, _>>()?.into()
            }
            ("discriminator", Value::String(property)) => json!({"propertyName": property}),
            (_, value) => value.clone(),
        };
        newer.insert(keyword.to_owned(), value);
    }
    if newer.get("type").is_some_and(|ty| ty == "file") {
        newer.insert("type".to_owned(), "string".into());
        newer.insert("format".to_owned(), "binary".into());
    }
    Ok(newer.into())
}

fn security_scheme(scheme: &Node<'_>) -> Result<Value, Finding> {
    let mut newer = scheme.object()?.clone();
    match scheme.str_of("type")? {
        Some("basic") => {
            newer.insert("type".to_owned(), "http".into());
            newer.insert("scheme".to_owned(), "basic".into());
        }
        Some("oauth2") => {
            let flow = match newer.remove("flow").as_ref().and_then(Value::as_str) {
                Some("application") => "clientCredentials",
                Some("accessCode") => "authorizationCode",
                Some("password") => "password",
                _ => "implicit",
            };
            let members = ["authorizationUrl", "tokenUrl", "scopes"];
            let parts: Members =
                members.iter().filter_map(|key| Some(((*key).to_owned(), newer.remove(*key)?))).collect();
            newer.insert("flows".to_owned(), json!({flow: parts}));
        }
        _ => {}
    }
    Ok(newer.into())
}

fn moved_reference(reference: &str) -> Value {
    let moved = MOVED
        .iter()
        .find_map(|(older, newer)| Some(format!("#{newer}{}", reference.strip_prefix('#')?.strip_prefix(older)?)));
    moved.unwrap_or_else(|| reference.to_owned()).into()
}

/// The members of an object, each in its new form.
fn each<'d>(node: &Node<'d>, lower: impl Fn(&Node<'d>) -> Result<Value, Finding>) -> Result<Value, Finding> {
    let members = node.members()?.into_iter();
    members.map(|(key, node)| Ok((key.to_owned(), lower(&node)?))).collect::<Result<Members, _>>().map(Value::from)
}

/// A list of strings; empty where it is absent.
fn strings<'d>(holder: &Node<'d>, key: &str) -> Result<Vec<&'d str>, Finding> {
    holder.items_of(key)?.iter().map(Node::str).collect()
}
