//! Runs progenitor as a library: writes the interface as a document for it, and returns its output as syntax.

use super::model::api::{Api, IfMatch, Operation, Param, ParamPlace, Type, UnionKind};
use super::panics::without_panic;
use anyhow::{Context, Result};
use progenitor::{GenerationSettings, Generator, InterfaceStyle};
use serde_json::{Map, Value, json};

/// The version in the workspace manifest. A test compares the two.
pub const VERSION: &str = "0.15.1";

/// Returns the normalized document without descriptions, errors, inline types and other content that progenitor drops silently.
pub fn lower(api: &Api) -> Value {
    let mut schemas = Map::new();
    for (name, object) in &api.structs {
        let properties: Map<String, Value> = object.fields.iter().map(|f| (f.wire.clone(), property(&f.ty))).collect();
        schemas.insert(name.clone(), json!({"type": "object", "properties": properties, "additionalProperties": {}}));
    }
    for name in replaced(api) {
        schemas.insert(name, json!({"type": "object"}));
    }
    json!({
        "openapi": "3.0.3",
        "info": {"title": api.title, "version": api.version},
        "paths": paths(api.operations.iter()),
        "components": {"schemas": schemas},
    })
}

/// Types that progenitor does not generate, because `crate::types` has them under the same name.
fn replaced(api: &Api) -> Vec<String> {
    let runtime = ["Decimal", "ResourceType", "Secret", "Timestamp"].map(str::to_owned);
    let own = api.enums.keys().chain(api.unions.keys()).chain(api.ids.keys()).cloned();
    own.chain(runtime).collect()
}

fn paths<'a>(operations: impl Iterator<Item = &'a Operation>) -> Value {
    let mut paths: Map<String, Value> = Map::new();
    for op in operations {
        let mut path = op.path.clone();
        for param in &op.path_params {
            path = path.replace(&format!("{{{}}}", param.wire), &format!("{{{}}}", param.rust));
        }
        let params: Vec<Value> =
            op.path_params.iter().chain(&op.params).filter(|param| param.is_in_request()).map(parameter).collect();
        let mut operation = json!({"operationId": op.name, "parameters": params, "responses": {"2XX": response(op)}});
        if let Some(body) = &op.body {
            operation["requestBody"] =
                json!({"required": true, "content": {"application/json": {"schema": schema(body)}}});
        }
        let item = paths.entry(path).or_insert_with(|| json!({}));
        item[op.method.to_lowercase()] = operation;
    }
    Value::Object(paths)
}

fn parameter(param: &Param) -> Value {
    let (place, name) = match param.place {
        ParamPlace::Path => ("path", &param.rust),
        ParamPlace::Query | ParamPlace::Header => ("query", &param.wire),
    };
    let ty = match param.ty {
        Type::Bool => "boolean",
        Type::Integer => "integer",
        _ => "string",
    };
    json!({"name": name, "in": place, "required": param.required, "schema": {"type": ty}})
}

fn response(op: &Operation) -> Value {
    match &op.response {
        Some(ty) => json!({"description": "", "content": {"application/json": {"schema": schema(ty)}}}),
        None => json!({"description": ""}),
    }
}

/// `nullable` distinguishes an absent list from an empty one.
fn property(ty: &Type) -> Value {
    let mut schema = schema(ty);
    if matches!(ty, Type::List(_) | Type::Map(_)) {
        schema["nullable"] = json!(true);
    }
    schema
}

fn schema(ty: &Type) -> Value {
    let named = |name: &str| json!({"$ref": format!("#/components/schemas/{name}")});
    match ty {
        Type::Any => json!({}),
        Type::Bool => json!({"type": "boolean"}),
        Type::Integer => json!({"type": "integer", "format": "int64"}),
        Type::Text => json!({"type": "string"}),
        Type::Decimal => named("Decimal"),
        Type::Secret => named("Secret"),
        Type::Tag(_) => named("ResourceType"),
        Type::Timestamp => named("Timestamp"),
        Type::Enum(name) | Type::Id(name) | Type::Struct(name) | Type::Union(name) => named(name),
        Type::List(item) => json!({"type": "array", "items": schema(item)}),
        Type::Map(value) => json!({"type": "object", "additionalProperties": schema(value)}),
    }
}

/// Returns the interface for plain progenitor without the generated companions: closed enums, untagged unions, plain text. Used by
/// the benchmark that compares the two.
pub fn plain(api: &Api) -> Value {
    let mut document = lower(api);
    let schemas = &mut document["components"]["schemas"];
    for name in api.ids.keys().map(String::as_str).chain(["Secret", "ResourceType"]) {
        schemas[name] = json!({"type": "string"});
    }
    schemas["Decimal"] = json!({"type": "number", "format": "double"});
    schemas["Timestamp"] = json!({"type": "string", "format": "date-time"});
    for (name, list) in &api.enums {
        let values: Vec<&str> = list.variants.iter().map(|variant| variant.wire.as_str()).collect();
        schemas[name] = json!({"type": "string", "enum": values});
    }
    for (name, union) in &api.unions {
        let members: Vec<Value> = match &union.kind {
            UnionKind::Tagged { members, .. } => members.iter().map(|m| schema(&Type::Struct(m.ty.clone()))).collect(),
            UnionKind::Shaped { members } => members.iter().map(|(_, ty)| schema(ty)).collect(),
        };
        schemas[name] = json!({"oneOf": members});
    }
    for (name, object) in &api.structs {
        let properties: Map<String, Value> = object
            .fields
            .iter()
            .map(|field| match &field.ty {
                Type::Tag(value) => (field.wire.clone(), json!({"type": "string", "enum": [value]})),
                ty => (field.wire.clone(), schema(ty)),
            })
            .collect();
        schemas[name] = json!({"type": "object", "properties": properties});
    }
    document
}

/// Runs progenitor. If it panics or fails, finds the operation that caused it by trying each alone.
pub fn run(api: &Api) -> Result<syn::File> {
    match generate(api, &lower(api)) {
        Ok(file) => Ok(file),
        Err(error) => {
            for op in &api.operations {
                let mut document = lower(api);
                document["paths"] = paths([op].into_iter());
                if let Err(error) = generate(api, &document) {
                    let what = format!("progenitor cannot generate {} ({} {})", op.name, op.method, op.path);
                    return Err(error).context(what).context(op.pointer.clone());
                }
            }
            Err(error).context("progenitor cannot generate the types")
        }
    }
}

fn generate(api: &Api, document: &Value) -> Result<syn::File> {
    let spec: openapiv3::OpenAPI = serde_json::from_value(document.clone()).context("the normalised document")?;
    let mut settings = GenerationSettings::default();
    // No hooks: only the requests are kept, and the runtime sends them.
    settings.with_interface(InterfaceStyle::Positional);
    for name in replaced(api) {
        settings.with_replacement(&name, format!("crate::types::{name}"), std::iter::empty());
    }
    let tokens = without_panic("progenitor", || Generator::new(&settings).generate_tokens(&spec))??;
    syn::parse2(tokens).context("progenitor's output is not Rust")
}

impl IfMatch {
    /// Returns the variant's name in the SDK's operation table.
    pub fn variant(self) -> &'static str {
        match self {
            Self::No => "No",
            Self::Optional => "Optional",
            Self::Required => "Required",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn operation(name: &str, path: &str) -> Operation {
        Operation {
            name: name.to_owned(),
            method: "GET".to_owned(),
            path: path.to_owned(),
            pointer: format!("/paths/{name}"),
            doc: None,
            path_params: Vec::new(),
            params: Vec::new(),
            if_match: IfMatch::No,
            body: None,
            response: None,
            may_be_empty: false,
            errors: Vec::new(),
            group: String::new(),
            group_terms: Vec::new(),
            terms: Vec::new(),
            expand: None,
        }
    }

    #[test]
    fn progenitor_panic_names_the_operation() {
        // The rules reject such a path; progenitor panics on it.
        let operations = vec![operation("fine", "/fine"), operation("broken", "/broken/{id}")];
        let api = Api { operations, version: "1".to_owned(), ..Api::default() };
        let error = format!("{:#}", run(&api).unwrap_err());
        assert!(error.contains("/paths/broken: progenitor cannot generate broken (GET /broken/{id})"), "{error}");
        assert!(error.contains("progenitor panicked"), "{error}");
    }

    #[test]
    fn version_matches_the_manifest() {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let manifest = std::fs::read_to_string(root.join("Cargo.toml")).unwrap();
        assert!(manifest.contains(&format!("progenitor = {{ version = \"={VERSION}\"")));
        assert!(manifest.contains(&format!("progenitor-client = \"={VERSION}\"")));
    }
}
