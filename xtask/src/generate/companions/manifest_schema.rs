//! `offer-manifest.schema.json`: the JSON Schema of an offer as a file, for editors.

use crate::document::manifest::{Manifest, Part};
use crate::generate::model::api::{Api, Field, Shape, Type, UnionKind};
use anyhow::{Context, Result};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// Returns the schema of the layout of `workflows/manifest/offer.rs`.
pub fn emit(api: &Api, manifest: &Manifest) -> Result<String> {
    let mut schema = Schema { api, manifest, pending: Vec::new() };
    let root = schema.root();
    let mut definitions = Map::new();
    let mut seen = BTreeSet::new();
    while let Some(name) = schema.pending.pop() {
        if seen.insert(name.clone()) {
            let definition = schema.definition(&name);
            definitions.insert(name, definition);
        }
    }
    let mut root = root;
    root["$defs"] = definitions.into_iter().collect::<std::collections::BTreeMap<_, _>>().into_iter().collect();
    let text = serde_json::to_string_pretty(&root).context("cannot write the schema")?;
    Ok(text + "\n")
}

struct Schema<'a> {
    api: &'a Api,
    manifest: &'a Manifest,
    /// The names of definitions that are referred to.
    pending: Vec<String>,
}

/// A property of a manifest that is no property of the document.
type Key = (&'static str, Value);

impl Schema<'_> {
    fn root(&mut self) -> Value {
        let package = self.file("AzurePackage", "The package of an offer without plans.");
        let plans = self.plan();
        let properties = object([
            ("$schema", described(json!({"type": "string"}), "The address or path of this schema.")),
            ("offerId", described(name(), "The offer id, which the portal shows and which never changes.")),
            ("type", self.offer_type()),
            (
                "name",
                described(json!({"type": "string"}), "The name of the offer in the portal. It cannot be changed."),
            ),
            ("setup", self.part("AzureProductSetup", "The setup: how the offer is sold.", [])),
            ("property", self.part("AzureProperty", "Categories, terms and legal texts.", [])),
            ("listings", {
                let listing = self.listing();
                by_key(listing, "The listing of the offer by language, for example `en-us`.")
            }),
            ("previewAudience", self.part("ProductAvailability", "Who sees the preview.", [])),
            (
                "reseller",
                self.part("ResellerConfiguration", "Which cloud solution providers may resell the offer.", []),
            ),
            ("leads", self.part("LeadConfiguration", "Where leads are sent. Credentials are references.", [])),
            ("cosell", {
                let documents = self.files("CosellAsset", "The documents of the co-sell listing.");
                self.part("CosellListing", "The co-sell listing and its documents.", [("documents", documents)])
            }),
            ("supplementalContent", {
                let documents = self.files("SupplementalContentAsset", "The documents for certification.");
                let text = "The supplemental content for certification.";
                self.part("SupplementalContent", text, [("documents", documents)])
            }),
            ("configuration", {
                let text = "The technical configuration of an offer without plans, such as Dynamics 365.";
                self.part("PackageConfiguration", text, [])
            }),
            ("package", package),
            ("plans", by_key(plans, "The plans by plan id.")),
        ]);
        json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "title": "An offer of the Microsoft commercial marketplace",
            "description": "An offer as a file. A key that is absent leaves that part of the offer alone when the manifest is applied.",
            "type": "object",
            "properties": properties,
            "required": ["offerId", "type", "name"],
            "additionalProperties": false,
        })
    }

    fn offer_type(&mut self) -> Value {
        let reference = self.refer("ProductType");
        described(json!({"allOf": [reference, name()]}), "The type of the offer, for example `AzureApplication`.")
    }

    fn listing(&mut self) -> Value {
        let thumbnail = self.file("ListingVideoThumbnail", "The thumbnail.");
        let file = path("The path of the video, relative to the manifest. Absent for a video that is a link.");
        let video = self.part("ListingVideo", "A video.", [("file", file), ("thumbnail", thumbnail)]);
        let keys = [
            ("images", self.files("ListingImage", "Logos and screenshots, in the order of the file.")),
            ("videos", list(video, "Videos.")),
            ("documents", self.files("ListingAsset", "Documents.")),
        ];
        self.part("AzureListing", "Texts, contacts and links, with the files of the listing.", keys)
    }

    fn plan(&mut self) -> Value {
        let listing = self.part("AzureListing", "The listing of the plan.", []);
        let keys = [
            ("listings", by_key(listing, "The listing of the plan by language.")),
            ("availability", self.part("FeatureAvailability", "Markets, prices and audiences.", [])),
            ("configuration", self.part("PackageConfiguration", "The technical configuration.", [])),
            ("package", self.file("AzurePackage", "The package of the technical configuration.")),
        ];
        self.part("Variant", "Type, name, state and clouds of the plan.", keys)
    }

    fn files(&mut self, type_name: &str, description: &str) -> Value {
        let file = self.file(type_name, "A file.");
        list(file, description)
    }

    fn file(&mut self, type_name: &str, description: &str) -> Value {
        let file = path("The path, relative to the manifest, with `/` between its parts.");
        let mut schema = self.part(type_name, description, [("file", file)]);
        schema["required"] = json!(["file"]);
        schema
    }

    /// The schema of a part, with the keys of the manifest beside its properties.
    fn part<const N: usize>(&mut self, type_name: &str, description: &str, keys: [Key; N]) -> Value {
        let manifest = self.manifest;
        let part = manifest.part(type_name);
        let mut schema = self.object(type_name, part, None);
        let omitted = manifest.assigned.iter().chain(part.into_iter().flat_map(|part| &part.omits));
        let properties = omitted.map(|wire| (wire.clone(), Value::Bool(false)));
        let keys = keys.into_iter().map(|(key, value)| (key.to_owned(), value));
        let all: Vec<(String, Value)> = properties.chain(keys).collect();
        if let Some(Value::Object(known)) = schema.get_mut("properties") {
            known.extend(all);
        }
        described(schema, description)
    }

    /// The schema of a struct or a union of structs. `tag` is the property that selects it, if it is a member.
    fn object(&mut self, name: &str, part: Option<&Part>, tag: Option<&str>) -> Value {
        let (api, manifest) = (self.api, self.manifest);
        if let Some(union) = api.unions.get(name) {
            return match &union.kind {
                UnionKind::Tagged { tag, members } => {
                    let omits_tag = manifest.omits(part, tag);
                    let members: Vec<(String, Value)> = members
                        .iter()
                        .map(|member| (member.value.clone(), self.object(&member.ty, part, Some(tag))))
                        .collect();
                    tagged(tag, members, part.and_then(|part| part.default.as_deref()), omits_tag)
                }
                UnionKind::Shaped { members } => {
                    let members: Vec<Value> = members.iter().map(|(shape, ty)| self.shape(*shape, ty)).collect();
                    json!({"anyOf": members})
                }
            };
        }
        let Some(object) = api.structs.get(name) else { return json!({"type": "object", "properties": {}}) };
        let fields = object.fields.iter().filter(|field| !manifest.omits(part, &field.wire));
        let fields = fields.filter(|field| Some(field.wire.as_str()) != tag);
        let properties: Map<String, Value> = fields.map(|field| (field.wire.clone(), self.field(field))).collect();
        let schema = json!({"type": "object", "properties": properties});
        match &object.doc {
            Some(doc) => described(schema, doc),
            None => schema,
        }
    }

    fn field(&mut self, field: &Field) -> Value {
        let mut schema = self.ty(&field.ty);
        if let Some(doc) = &field.doc {
            schema = described(schema, doc);
        }
        if field.deprecation.is_some() {
            schema["deprecated"] = Value::Bool(true);
        }
        schema
    }

    fn ty(&mut self, ty: &Type) -> Value {
        match ty {
            Type::Any => json!({}),
            Type::Bool => json!({"type": "boolean"}),
            Type::Decimal => json!({"type": ["number", "string"]}),
            Type::Integer => json!({"type": "integer"}),
            Type::Secret => self.refer(SECRET),
            Type::Text | Type::Timestamp | Type::Id(_) => json!({"type": "string"}),
            Type::Tag(value) => json!({"type": "string", "examples": [value]}),
            Type::Enum(name) | Type::Struct(name) | Type::Union(name) => self.refer(name),
            Type::List(item) => json!({"type": "array", "items": self.ty(item)}),
            Type::Map(value) => json!({"type": "object", "additionalProperties": self.ty(value)}),
        }
    }

    fn shape(&mut self, shape: Shape, ty: &Type) -> Value {
        match shape {
            Shape::Flag => json!({"type": "boolean"}),
            Shape::Number => json!({"type": "number"}),
            Shape::Text => json!({"type": "string"}),
            Shape::List | Shape::Object => self.ty(ty),
        }
    }

    fn refer(&mut self, name: &str) -> Value {
        self.pending.push(name.to_owned());
        json!({"$ref": format!("#/$defs/{name}")})
    }

    fn definition(&mut self, name: &str) -> Value {
        if name == SECRET {
            return secret();
        }
        let Some(values) = self.api.enums.get(name) else { return self.object(name, None, None) };
        let known: Vec<&str> = values.variants.iter().map(|value| value.wire.as_str()).collect();
        // The service may have values that the document does not list.
        let schema = json!({"anyOf": [{"enum": known}, {"type": "string"}]});
        match &values.doc {
            Some(doc) => described(schema, doc),
            None => schema,
        }
    }
}

const SECRET: &str = "Secret";

/// A reference to a secret. A manifest does not contain the secret itself.
fn secret() -> Value {
    let reference = |key: &str, pattern: &str, description: &str| {
        let value = described(json!({"type": "string", "minLength": 1, "pattern": pattern}), description);
        json!({"type": "object", "properties": {key: value}, "required": [key], "additionalProperties": false})
    };
    let references = [
        reference("env", "^[^=]*$", "The environment variable that the secret is read from."),
        reference("file", "", "The file that the secret is read from, relative to the manifest."),
    ];
    described(json!({"oneOf": references}), "A secret: a reference to an environment variable or a file.")
}

/// A union: each member holds for objects with its value of the tag.
fn tagged(tag: &str, members: Vec<(String, Value)>, default: Option<&str>, omits_tag: bool) -> Value {
    if omits_tag {
        let members: Vec<Value> = members.into_iter().map(|(_, member)| member).collect();
        return json!({"type": "object", "properties": {}, "anyOf": members});
    }
    let known: Vec<&str> = members.iter().map(|(value, _)| value.as_str()).collect();
    let tags = json!({tag: {"anyOf": [{"enum": known}, {"type": "string"}]}});
    let conditions: Vec<Value> = members
        .iter()
        .map(|(value, member)| {
            let is_tagged = json!({"properties": {tag: {"const": value}}, "required": [tag]});
            let condition = match default == Some(value) {
                true => json!({"anyOf": [is_tagged, {"not": {"required": [tag]}}]}),
                false => is_tagged,
            };
            json!({"if": condition, "then": member})
        })
        .collect();
    json!({"type": "object", "properties": tags, "allOf": conditions})
}

fn object<const N: usize>(keys: [Key; N]) -> Map<String, Value> {
    keys.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}

fn described(mut schema: Value, description: &str) -> Value {
    schema["description"] = description.into();
    schema
}

fn list(item: Value, description: &str) -> Value {
    described(json!({"type": "array", "items": item}), description)
}

fn by_key(value: Value, description: &str) -> Value {
    let keys = json!({"minLength": 1});
    described(json!({"type": "object", "propertyNames": keys, "additionalProperties": value}), description)
}

/// A text that is not blank.
fn name() -> Value {
    json!({"type": "string", "pattern": "\\S"})
}

/// The path of a file in the folder of the manifest.
fn path(description: &str) -> Value {
    let pattern = "^(?!\\.{1,2}(/|$))[^/\\\\:]+(/(?!\\.{1,2}(/|$))[^/\\\\:]+)*$";
    described(json!({"type": "string", "pattern": pattern}), description)
}
