//! Lowers OpenAPI 3.1 and 3.2 to 3.0: rewrites what 3.0 has in another form. Everything else is an error with its place.
//!
//! A file that says 3.0 may have lists of types, which converters write. Everything else of it stays as it is.

mod schema;
#[cfg(test)]
mod tests;

use super::finding::{Finding, NotUsable};
use super::node::Node;
use schema::schema;
use serde_json::{Map, Value, json};

type Members = Map<String, Value>;

pub const METHODS: [&str; 8] = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];

/// The dialects of schemas that are lowered.
const DIALECTS: [&str; 3] = [
    "https://spec.openapis.org/oas/3.1/dialect/base",
    "https://spec.openapis.org/oas/3.2/dialect/2025-09-17",
    "https://json-schema.org/draft/2020-12/schema",
];

/// Returns the document as OpenAPI 3.0.
pub fn lower(document: &Value) -> Result<Value, NotUsable> {
    root(&Node::root(document)).map_err(|finding| {
        let help = finding.help.map(|help| format!("; {help}")).unwrap_or_default();
        NotUsable::at(&finding.pointer, format!("OpenAPI 3.0 cannot say this: {}{help}", finding.message))
    })
}

/// Lowers lists of types in a document that says 3.0.
pub fn lower_type_lists(document: &mut Value) -> Result<(), NotUsable> {
    schema::type_lists(document, "").map_err(|finding| NotUsable::at(&finding.pointer, finding.message))
}

fn refused(node: &Node<'_>, what: &str, help: &str) -> Finding {
    Finding::new(&node.pointer, what).help(help)
}

fn root(document: &Node<'_>) -> Result<Value, Finding> {
    members(document, |key, node| {
        let value = match key {
            "openapi" => "3.0.3".into(),
            "webhooks" if node.object()?.is_empty() => return Ok(None),
            "webhooks" => return Err(refused(node, "webhooks", "remove them; the crate only calls the service")),
            "jsonSchemaDialect" if DIALECTS.contains(&node.str()?) => return Ok(None),
            "jsonSchemaDialect" => return Err(refused(node, "a dialect of schemas", "use the default one")),
            // The document's own address.
            "$self" => return Ok(None),
            "paths" => each(node, path_item)?,
            "components" => components(node)?,
            "info" => without(node, &["summary"])?,
            "servers" | "tags" | "security" | "externalDocs" => node.value.clone(),
            _ if key.starts_with("x-") => node.value.clone(),
            _ => return Err(unknown(node, key)),
        };
        Ok(Some(value))
    })
}

fn unknown(node: &Node<'_>, key: &str) -> Finding {
    Finding::new(&node.pointer, format!("unknown keyword `{key}`")).help("remove it, or correct its spelling")
}

fn components(node: &Node<'_>) -> Result<Value, Finding> {
    members(node, |key, node| {
        let value = match key {
            "schemas" => each(node, schema)?,
            "parameters" | "headers" => each(node, parameter)?,
            "responses" => each(node, response)?,
            "requestBodies" => each(node, body)?,
            "securitySchemes" => each(node, security_scheme)?,
            "pathItems" | "mediaTypes" if node.object()?.is_empty() => return Ok(None),
            "pathItems" => return Err(refused(node, "shared path items", "move them to `paths`")),
            "mediaTypes" => return Err(refused(node, "shared media types", "move them to their bodies")),
            "examples" | "links" | "callbacks" => node.value.clone(),
            _ if key.starts_with("x-") => node.value.clone(),
            _ => return Err(unknown(node, key)),
        };
        Ok(Some(value))
    })
}

fn path_item(item: &Node<'_>) -> Result<Value, Finding> {
    members(item, |key, node| {
        let value = match key {
            _ if METHODS.contains(&key) => operation(node)?,
            "parameters" => list(node, parameter)?,
            "summary" | "description" | "servers" => node.value.clone(),
            _ if key.starts_with("x-") => node.value.clone(),
            "$ref" => return Err(refused(node, "a reference to a path item", "write the path item here")),
            "query" => return Err(refused(node, "the method QUERY", "use POST, if the service has it")),
            "additionalOperations" => return Err(refused(node, "other methods", "use a method of OpenAPI 3.0")),
            _ => return Err(unknown(node, key)),
        };
        Ok(Some(value))
    })
}

fn operation(operation: &Node<'_>) -> Result<Value, Finding> {
    members(operation, |key, node| {
        let value = match key {
            "parameters" => list(node, parameter)?,
            "requestBody" => body(node)?,
            "responses" => each(node, response)?,
            // Requests of the service are not generated.
            "callbacks" => return Ok(None),
            _ => node.value.clone(),
        };
        Ok(Some(value))
    })
}

/// A parameter or a header.
fn parameter(node: &Node<'_>) -> Result<Value, Finding> {
    if let Some(reference) = reference(node)? {
        return Ok(reference);
    }
    members(node, |key, node| {
        let value = match (key, node.value.as_str()) {
            ("schema", _) => schema(node)?,
            ("content", _) => each(node, media_type)?,
            ("in", Some("querystring")) => {
                return Err(refused(node, "a parameter that is the whole query", "list its parts as parameters"));
            }
            ("style", Some("cookie")) => return Err(refused(node, "the style cookie", "use the style form")),
            _ => node.value.clone(),
        };
        Ok(Some(value))
    })
}

fn body(node: &Node<'_>) -> Result<Value, Finding> {
    if let Some(reference) = reference(node)? {
        return Ok(reference);
    }
    with_content(node)
}

fn response(node: &Node<'_>) -> Result<Value, Finding> {
    if let Some(reference) = reference(node)? {
        return Ok(reference);
    }
    let mut lowered = with_content(node)?;
    if let Some(members) = lowered.as_object_mut() {
        let summary = members.remove("summary");
        members.entry("description").or_insert(summary.unwrap_or_else(|| "".into()));
    }
    Ok(lowered)
}

fn with_content(node: &Node<'_>) -> Result<Value, Finding> {
    members(node, |key, node| {
        let value = match key {
            "content" => each(node, media_type)?,
            "headers" => each(node, parameter)?,
            _ => node.value.clone(),
        };
        Ok(Some(value))
    })
}

fn media_type(node: &Node<'_>) -> Result<Value, Finding> {
    members(node, |key, node| {
        let value = match key {
            "schema" => schema(node)?,
            "$ref" => return Err(refused(node, "a reference to a media type", "write the media type here")),
            "itemSchema" => return Err(refused(node, "a stream of items", "describe the whole body in `schema`")),
            "prefixEncoding" | "itemEncoding" => return Err(refused(node, "encodings of items", "remove them")),
            "example" | "examples" | "encoding" => node.value.clone(),
            _ if key.starts_with("x-") => node.value.clone(),
            _ => return Err(unknown(node, key)),
        };
        Ok(Some(value))
    })
}

fn security_scheme(node: &Node<'_>) -> Result<Value, Finding> {
    if let Some(kind) = node.get("type").filter(|kind| kind.value == "mutualTLS") {
        return Err(refused(&kind, "the security scheme mutualTLS", "remove it; TLS is set up on the client"));
    }
    if let Some(flow) = node.get("flows").and_then(|flows| flows.get("deviceAuthorization")) {
        return Err(refused(
            &flow,
            "the flow deviceAuthorization",
            "remove it; the crate takes tokens from partner-auth",
        ));
    }
    without(node, &["deprecated", "oauth2MetadataUrl"])
}

/// A reference outside of schemas, without its description.
fn reference(node: &Node<'_>) -> Result<Option<Value>, Finding> {
    Ok(node.str_of("$ref")?.map(|reference| json!({"$ref": reference})))
}

/// Lowers each member of an object by its name. `None` leaves a member out.
fn members(
    node: &Node<'_>,
    lower: impl Fn(&str, &Node<'_>) -> Result<Option<Value>, Finding>,
) -> Result<Value, Finding> {
    let mut lowered = Members::new();
    for (key, node) in node.members()? {
        if let Some(value) = lower(key, &node)? {
            lowered.insert(key.to_owned(), value);
        }
    }
    Ok(lowered.into())
}

fn without(node: &Node<'_>, keys: &[&str]) -> Result<Value, Finding> {
    let mut members = node.object()?.clone();
    members.retain(|key, _| !keys.contains(&key.as_str()));
    Ok(members.into())
}

fn each(node: &Node<'_>, lower: impl Fn(&Node<'_>) -> Result<Value, Finding>) -> Result<Value, Finding> {
    members(node, |key, node| Ok(Some(if key.starts_with("x-") { node.value.clone() } else { lower(node)? })))
}

fn list(node: &Node<'_>, lower: impl Fn(&Node<'_>) -> Result<Value, Finding>) -> Result<Value, Finding> {
    node.items()?.iter().map(lower).collect::<Result<Vec<_>, _>>().map(Value::from)
}
