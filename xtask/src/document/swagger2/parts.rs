//! Converts parts of a Swagger 2.0 document: parameters, forms, schemas and security schemes.

use crate::document::finding::Finding;
use crate::document::node::Node;
use crate::document::pointer::moved_reference;
use serde_json::{Map, Value, json};

pub type Members = Map<String, Value>;

/// Extensions that are keywords in version 3.
const PROMOTED: [&str; 4] = ["nullable", "oneOf", "anyOf", "deprecated"];

/// Members of a parameter that are in its schema in version 3.
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

/// Converts a parameter in a path, a query or a header.
pub fn parameter(param: &Node<'_>) -> Result<Value, Finding> {
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

pub fn header(header: &Node<'_>) -> Result<Value, Finding> {
    let mut newer = with_schema(header)?;
    newer.remove("collectionFormat");
    Ok(newer.into())
}

/// Moves the type keywords below `schema`.
fn with_schema(node: &Node<'_>) -> Result<Members, Finding> {
    let (keywords, mut newer): (Members, Members) =
        node.object()?.clone().into_iter().partition(|(key, _)| SCHEMA_KEYWORDS.contains(&key.as_str()));
    let inner = schema(&Node { value: &keywords.into(), pointer: node.pointer.clone() })?;
    newer.insert("schema".to_owned(), inner);
    Ok(newer)
}

/// Converts the fields of a form to one object schema.
pub fn form(consumes: &[&str], fields: &[Node<'_>]) -> Result<Value, Finding> {
    const MULTIPART: &str = "multipart/form-data";
    let (mut properties, mut required) = (Members::new(), Vec::new());
    let mut has_file = false;
    for field in fields {
        let Some(name) = field.str_of("name")? else {
            return Err(Finding::new(&field.pointer, "form field has no name"));
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

pub fn content(media_types: &[&str], schema: &Value) -> Value {
    media_types.iter().map(|media| ((*media).to_owned(), json!({"schema": schema}))).collect::<Members>().into()
}

/// Converts keywords and references of a schema recursively.
pub fn schema(node: &Node<'_>) -> Result<Value, Finding> {
    let Value::Object(_) = node.value else { return Ok(node.value.clone()) };
    let mut newer = Members::new();
    for (key, node) in node.members()? {
        let keyword = key.strip_prefix("x-").filter(|keyword| PROMOTED.contains(keyword)).unwrap_or(key);
        let value = match (keyword, node.value) {
            ("$ref", Value::String(reference)) => moved_reference(reference).into(),
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

pub fn security_scheme(scheme: &Node<'_>) -> Result<Value, Finding> {
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

/// Converts each member of an object.
pub fn each<'d>(node: &Node<'d>, lower: impl Fn(&Node<'d>) -> Result<Value, Finding>) -> Result<Value, Finding> {
    let members = node.members()?.into_iter();
    members.map(|(key, node)| Ok((key.to_owned(), lower(&node)?))).collect::<Result<Members, _>>().map(Value::from)
}

/// Returns a list of strings; empty if it is absent.
pub fn strings<'d>(holder: &Node<'d>, key: &str) -> Result<Vec<&'d str>, Finding> {
    holder.items_of(key)?.iter().map(Node::str).collect()
}
