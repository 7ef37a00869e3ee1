//! Invalid inputs give an error with file and place, and change no file.

use super::Project;
use serde_json::json;

/// Returns the error for this document and checks that no file was changed.
fn error_of(bytes: impl AsRef<[u8]>) -> String {
    let project = Project::generated();
    project.write("other.json", bytes);
    let before = project.tree();
    let error = project.run(|options| options.document = Some(project.path("other.json"))).unwrap_err();
    assert_eq!(project.tree(), before, "a file was changed");
    error
}

#[test]
fn rejects_files_that_are_not_a_document() {
    let whole = Project::new().read("openapi/partner-ingestion.json");
    let deep = "[".repeat(100_000);
    let nested = format!("a: {}", "[".repeat(4_000));
    let bomb: String = (1..40).map(|i| format!("a{i}: &a{i} [*a{0}, *a{0}, *a{0}]\n", i - 1)).collect();
    let bomb = format!("a0: &a0 [x, x]\n{bomb}");
    let table: [(&[u8], &str); 12] = [
        (b"{\"openapi\": \"3.0.1\", oops", "line 1 column 22"),
        (&whole.as_bytes()[..whole.len() / 2], "the file may be truncated"),
        (b"{\"swagger\": \"2.0\", \"paths\": {}}", "not a Swagger 2.0 document"),
        (b"{\"a\": 1}", "missing; this is not an OpenAPI document"),
        (b"{\"openapi\": \"4.0.0\"}", "version 4.0.0 is not supported"),
        (b"{\"openapi\": \"3.0.1\", \"paths\": {\"/a\": {}}}", "missing; the OpenAPI document is incomplete"),
        (b"{\"openapi\": \"3.0.1\", \"paths\": []}", "expected an object with members"),
        (b"{\n\xff\xfe", "line 2: not UTF-8"),
        (b"", "the file is empty"),
        (deep.as_bytes(), "recursion limit"),
        (nested.as_bytes(), "recursion limit"),
        // Nested aliases that would exhaust memory.
        (bomb.as_bytes(), "not YAML"),
    ];
    for (bytes, expected) in table {
        let error = error_of(bytes);
        assert!(error.contains("other.json") && error.contains(expected), "{expected}: {error}");
    }
    let project = Project::new();
    let error = project.run(|options| options.document = Some(project.path("nowhere.json"))).unwrap_err();
    assert!(error.contains("cannot read") && error.contains("nowhere.json"), "{error}");
}

#[test]
fn all_problems_are_reported_with_pointers() {
    let error = error_of(Project::new().changed(|document| {
        let schemas = &mut document["components"]["schemas"];
        schemas["A.Dangling"] = json!({"type": "object", "properties": {"x": {"$ref": "#/components/schemas/Gone"}}});
        schemas["A.Odd"] = json!({"type": "object", "properties": {"y": {"type": "file"}}});
        schemas["A.Wrong"] = json!({"type": "object", "properties": 7});
        schemas["A.Twice"] =
            json!({"type": "object", "properties": {"fooBar": {"type": "string"}, "foo_bar": {"type": "string"}}});
        schemas["B.AzureListing"] = json!({"type": "object", "properties": {}});
    }));
    for expected in [
        "error: #/components/schemas/Gone does not exist",
        "at /components/schemas/A.Dangling/properties/x/$ref",
        "error: unknown type \"file\"",
        "at /components/schemas/A.Odd/properties/y/type",
        "error: expected an object, found a number",
        "at /components/schemas/A.Wrong/properties",
        "`foo_bar` is used twice",
        "would be called AzureListing",
    ] {
        assert!(error.contains(expected), "{expected}\n{error}");
    }
}

#[test]
fn unnamed_operations_are_reported_with_a_proposed_row() {
    let error = error_of(Project::new().changed(|document| {
        let get = document["paths"]["/products"]["get"].clone();
        document["paths"]["/products/{productID}/flights"] = json!({"get": get, "post": get});
    }));
    assert!(error.contains("\"GET /products/{productID}/flights\" = \"list_flights\""), "{error}");
    assert!(error.contains("\"POST /products/{productID}/flights\" = \"create_flights\""), "{error}");
}

#[test]
fn two_operations_with_one_name_are_rejected() {
    let project = Project::new();
    project.replace("openapi/names.toml", "= \"get_product\"", "= \"list_products\"");
    let error = project.run(|_| {}).unwrap_err();
    assert!(error.contains("the operation `list_products` is used twice"), "{error}");
    assert!(error.contains("/paths/~1products"), "{error}");
}

/// A row or a schema with the name of a hand-written method or type is an error.
#[test]
fn hand_written_names_cannot_be_generated() {
    let project = Project::new();
    let sdk = "partner-ingestion-sdk/src";
    project.write(&format!("{sdk}/lib.rs"), "pub mod types {\npub use crate::generated::enums::*;\npub use crate::value::AzureListing;\n}\npub use client::{Client, LeadConfiguration as Branch};\n");
    project.write(&format!("{sdk}/http/client.rs"), "impl Client {\n    fn get_product(&self) {}\n}\n");
    project.write(
        &format!("{sdk}/http/call.rs"),
        "macro_rules! call_options { () => { pub fn cosell_asset_id(self) {} } }\n",
    );
    project.write(&format!("{sdk}/generated/operations.rs"), "impl Client {\n    fn list_products(&self) {}\n}\n");
    project.replace("openapi/names.toml", "\"create_product\"", "\"modify_listing\"");
    let error = project.run(|_| {}).unwrap_err();
    for expected in [
        "the operation `modify_listing`",
        "the operation `get_product`",
        "the type `AzureListing`",
        "the type `Branch`",
        "the parameter of get_cosell_asset `cosell_asset_id`",
    ] {
        assert!(error.contains(expected), "{expected}: {error}");
    }
    assert!(!error.contains("the operation `list_products`"), "generated code is ignored: {error}");
    project.write(&format!("{sdk}/http/call.rs"), "pub fn (");
    let error = project.run(|_| {}).unwrap_err();
    assert!(error.contains("call.rs is not valid Rust"), "{error}");
}

#[test]
fn the_documentation_lists_operations_by_resource() {
    let project = Project::new();
    project.replace("openapi/names.toml", "\"products/setup\" = \"Offer setup\"\n", "");
    project.replace("openapi/names.toml", "\"products/setup\" =", "\"POST /products\" = [\"new offer\"]\n# ");
    let operations = "partner-ingestion-sdk/src/generated/operations.rs";
    project.run(|_| {}).unwrap();
    let text = project.read(operations);
    let row = "| [`get_product_setup`](crate::Client::get_product_setup) | ";
    for (heading, row) in
        [("## Listings", "[`get_listing`]"), ("## Setup", row), ("## Setup", "`GET /products/{productID}/setup` |")]
    {
        let start = text.find(&format!("//! {heading}\n")).unwrap_or_else(|| panic!("no {heading}"));
        let section = &text[start..];
        let end = section[4..].find("//! ## ").map_or(section.len(), |end| end + 4);
        assert!(section[..end].contains(row), "{row} is not below {heading}");
    }
    let create = &text[..text.find("pub fn create_product(").unwrap()];
    let create = &create[create.rfind("`POST /products`").unwrap()..];
    assert!(
        create.contains("#[doc(alias = \"new offer\")]") && create.contains("#[doc(alias = \"products\")]"),
        "{create}"
    );

    project.replace("openapi/names.toml", "[\"new offer\"]", "[\"new \\\"offer\\\"\"]");
    let error = project.run(|_| {}).unwrap_err();
    assert!(error.contains("the term \"new \\\"offer\\\"\" for create_product is not usable"), "{error}");
}

#[test]
fn paths_and_portal_terms_find_operations() {
    let (_, text) = Project::plain().iter().find(|(path, _)| path.ends_with("generated/operations.rs")).unwrap();
    let found = [
        ("getByModule", "list_branches"),
        ("technical configuration", "replace_package_configuration"),
        ("go live", "promote_submission"),
    ];
    for (term, method) in found {
        let start = &text[..text.find(&format!("pub fn {method}(")).unwrap()];
        let own = &start[start.rfind("    }\n").map_or(0, |end| end)..];
        assert!(own.contains(&format!("#[doc(alias = {term:?})]")), "{term} does not find {method}");
    }
}

#[test]
fn unused_rows_are_rejected() {
    let project = Project::new();
    project.replace("openapi/names.toml", "\"Branch.type\"", "\"Branch.kind\"");
    project.replace("openapi/names.toml", "[operations]", "[operations]\n\"GET /nothing\" = \"get_nothing\"");
    let error = project.run(|_| {}).unwrap_err();
    for row in ["[enums]: \"Branch.kind\"", "[operations]: \"GET /nothing\""] {
        assert!(error.contains(row), "{error}");
    }
}

#[test]
fn different_success_types_name_the_operation() {
    let error = error_of(Project::new().changed(|document| {
        let responses = &mut document["paths"]["/products"]["get"]["responses"];
        responses["202"] = json!({"description": "", "content": {"application/json": {"schema": {"type": "string"}}}});
    }));
    assert!(error.contains("GET /products has success responses of different types: 200, 202"), "{error}");
}

#[test]
fn success_without_a_body_beside_one_with_a_body_is_optional() {
    let edited = |path: &'static str, status: &'static str| {
        Project::new().changed(|document| {
            document["paths"][path]["get"]["responses"][status] = json!({"description": "Nothing yet"});
        })
    };
    for status in ["202", "204"] {
        let files = Project::new().other_document(edited("/products/{productID}", status)).unwrap();
        let text = |name: &str| &files.iter().find(|(path, _)| path.ends_with(name)).unwrap().1;
        let operations = text("generated/operations.rs");
        assert!(operations.contains("awaitable!(GetProduct => Response < Option < AzureProduct > >);"), "{status}");
        assert!(operations.contains("or `None` if the response has no body."), "{status}");
        let table = text("generated/table.rs");
        let row = &table[table.find("name: \"get_product\",").unwrap()..];
        assert!(row[..row.find("};").unwrap()].contains("may_be_empty: true"), "{row}");
    }
    // A list needs its pages.
    let error = error_of(edited("/products", "204"));
    assert!(error.contains("GET /products lists pages, but a success has no body"), "{error}");
    assert!(error.contains("at /paths/~1products/get/responses/204"), "{error}");
    assert!(error.contains("remove this response in openapi/overlays/"), "{error}");
}

/// Adds a parameter to an operation.
fn with_parameter(path: &str, method: &str, parameter: serde_json::Value) -> String {
    Project::new().changed(|document| {
        document["paths"][path][method]["parameters"].as_array_mut().unwrap().push(parameter);
    })
}

#[test]
fn unsupported_parameters_are_rejected_with_place_and_next_step() {
    let table = [
        (json!({"in": "cookie", "name": "a"}), "a parameter in cookie is not supported", ""),
        (
            json!({"in": "query", "name": "a", "schema": {"type": "object", "properties": {"b": {"type": "string"}}}}),
            "an object as a parameter is not supported",
            "/schema",
        ),
        (
            json!({"in": "query", "name": "a", "schema": {"type": "array", "items": {"type": "array", "items": {}}}}),
            "a list of objects or lists as a parameter",
            "/schema",
        ),
        (
            json!({"in": "query", "name": "a", "style": "pipeDelimited",
                "schema": {"type": "array", "items": {"type": "string"}}}),
            "a list with the style pipeDelimited is not supported",
            "/style",
        ),
        (json!({"in": "header", "name": "a b"}), "\"a b\" is not a valid name of a header", "/name"),
    ];
    for (parameter, message, place) in table {
        let error = error_of(with_parameter("/products", "get", parameter));
        assert!(error.contains(message) && error.contains("openapi/overlays/"), "{message}: {error}");
        let at = format!("{place}\n");
        assert!(error.contains("other.json:1:") && error.contains("at /paths/~1products/get/parameters/"), "{error}");
        assert!(error.contains(&at), "{place}: {error}");
    }
}

#[test]
fn circular_references_are_reported() {
    let error = error_of(Project::new().changed(|document| {
        let schemas = &mut document["components"]["schemas"];
        schemas["A.One"] = json!({"$ref": "#/components/schemas/A.Two"});
        schemas["A.Two"] = json!({"$ref": "#/components/schemas/A.One"});
        schemas["A.Self"] =
            json!({"allOf": [{"$ref": "#/components/schemas/A.Self"}, {"type": "object", "properties": {}}]});
        schemas["A.Only"] = json!({"allOf": [{"$ref": "#/components/schemas/A.Only"}]});
        schemas["A.List"] = json!({"type": "array", "items": {"$ref": "#/components/schemas/A.List"}});
    }));
    assert!(
        error.contains("composition is circular") && error.contains("is circular, or passes through too many"),
        "{error}"
    );
}

#[test]
fn references_name_whole_components() {
    let error = error_of(Project::new().changed(|document| {
        let schemas = &mut document["components"]["schemas"];
        schemas["A.Parts"] = json!({"type": "object", "properties": {
            "inside": {"$ref": "#/components/schemas/A.Parts/properties/text"},
            "outside": {"$ref": "other.json#/components/schemas/A"},
            "text": {"type": "string"},
        }});
        // A name may contain characters that are escaped in a URI or a pointer.
        schemas["A.Odd`1[x/y]"] = json!({"type": "object", "properties": {"text": {"type": "string"}}});
        schemas["A.User"] = json!({"type": "object", "properties": {
            "odd": {"$ref": "#/components/schemas/A.Odd%601%5Bx~1y%5D"},
        }});
    }));
    assert!(error.contains("properties/text is not a schema"), "{error}");
    assert!(error.contains("other.json#/components/schemas/A points outside the document"), "{error}");
    assert!(!error.contains("A.Odd") && !error.contains("A.User"), "{error}");
}

#[test]
fn new_operations_need_only_a_row() {
    let project = Project::new();
    project.replace(
        "openapi/names.toml",
        "[operations]",
        "[operations]\n\"GET /products/{productID}/flights/{flightID}\" = \"get_flight\"",
    );
    let document = Project::new().changed(|document| {
        let schemas = &mut document["components"]["schemas"];
        schemas["A.Flight"] = json!({"allOf": [
            {"$ref": "#/components/schemas/Microsoft.Ingestion.Api.Models.Common.EntityResource"},
            {"type": "object", "properties": {
                "resourceType": {"type": "string", "enum": ["Flight"]},
                "speed": {"type": "string", "enum": ["Slow", "Fast", "fast"]},
                "next": {"$ref": "#/components/schemas/A.Flight"},
                "meters": {"type": "object", "additionalProperties": {"type": "number"}},
                "extra": {"type": "string"},
            }},
        ]});
        let mut get = document["paths"]["/products/{productID}"]["get"].clone();
        get["parameters"]
            .as_array_mut()
            .unwrap()
            .push(json!({"name": "flightID", "in": "path", "required": true, "schema": {"type": "string"}}));
        get["parameters"]
            .as_array_mut()
            .unwrap()
            .push(json!({"name": "deep", "in": "query", "schema": {"type": "boolean"}}));
        get["responses"]["200"]["content"]["application/json"]["schema"] =
            json!({"$ref": "#/components/schemas/A.Flight"});
        document["paths"]["/products/{productID}/flights/{flightID}"] = json!({"get": get});
    });
    // Values that differ only in case would have the same variant name.
    let error = project.other_document(&document).unwrap_err();
    assert!(error.contains("the variant of FlightSpeed `Fast` is used twice"), "{error}");
    assert!(error.contains("[variants]") && error.contains("\"FlightSpeed.fast\" = \"AnotherFast\""), "{error}");
    project.replace(
        "openapi/names.toml",
        "[operations]",
        "[variants]\n\"FlightSpeed.fast\" = \"Faster\"\n[operations]",
    );
    let files = project.other_document(&document).unwrap();
    assert!(files.iter().any(|(_, text)| text.contains("Faster") && text.contains("\"fast\"")));
    project.replace("openapi/names.toml", "[variants]\n\"FlightSpeed.fast\" = \"Faster\"\n", "");
    let files = project.other_document(document.replace(",\"fast\"", "")).unwrap();
    let text: String = files.iter().map(|(_, text)| text.as_str()).collect();
    for expected in
        ["pub struct Flight {", "FlightSpeed {", "pub fn get_flight(", "FlightId", "pub extra_: Option<String>"]
    {
        assert!(text.contains(expected), "{expected}");
    }
}

/// If one file cannot be written, no file is changed.
#[test]
fn failed_write_changes_no_file() {
    let project = Project::new();
    std::fs::create_dir_all(project.path("partner-ingestion-sdk/src/generated/types.rs.partial")).unwrap();
    let before = project.tree();
    let error = project.run(|_| {}).unwrap_err();
    assert!(error.contains("cannot write") && error.contains("types.rs.partial"), "{error}");
    assert_eq!(project.tree(), before);
    std::fs::remove_dir(project.path("partner-ingestion-sdk/src/generated/types.rs.partial")).unwrap();
    project.run(|_| {}).unwrap();
    assert!(project.tree().len() > before.len() + 10);
    assert!(project.tree().iter().all(|(path, _)| path.extension().is_none_or(|kind| kind != "partial")));
}

#[test]
fn unusual_spellings_become_valid_names() {
    let document = Project::new().changed(|document| {
        let text = json!({"type": "string"});
        let inner = json!({"type": "object", "properties": {"a": {"type": "object", "properties": {"²": text}}}});
        document["components"]["schemas"]["A.IOTHub"] = json!({"type": "object", "properties": {
            "a": inner, "٣": text, "a b": text, "größe": {"type": "string", "enum": ["²", "x\u{202e}", "1"]},
        }});
        document["components"]["schemas"]["A.Hubs"] =
            json!({"type": "object", "properties": {"hub": {"$ref": "#/components/schemas/A.IOTHub"}}});
    });
    let files = Project::new().other_document(document).unwrap();
    let text: String = files.iter().map(|(_, text)| text.as_str()).collect();
    for expected in
        ["pub struct IotHub {", "pub struct IotHubAa {", "pub empty:", "pub _٣:", "pub a_b:", "pub größe:", "X1"]
    {
        assert!(text.contains(expected), "{expected}");
    }
}

#[test]
fn an_object_without_properties_is_a_struct() {
    let document = Project::new().changed(|document| {
        let schemas = &mut document["components"]["schemas"];
        schemas["A.Empty"] = json!({"type": "object", "properties": {}});
        schemas["A.User"] =
            json!({"type": "object", "properties": {"empty": {"$ref": "#/components/schemas/A.Empty"}}});
    });
    let files = Project::new().other_document(document).unwrap();
    let text: String = files.iter().map(|(_, text)| text.as_str()).collect();
    let start = text.find("pub struct Empty {").unwrap();
    assert!(text[start..].lines().take(4).any(|line| line.trim() == "pub extra: Extra,"), "{}", &text[start..][..200]);
}

#[test]
fn rows_must_be_valid_rust_names() {
    let project = Project::new();
    project.replace("openapi/names.toml", "= \"get_product\"", "= \"get product\"");
    project.replace("openapi/names.toml", "= \"PriceScheduleInfo\"", "= \"PRICEInfo\"");
    let error = project.run(|_| {}).unwrap_err();
    assert!(error.contains("the operation `get product` is not a valid Rust name"), "{error}");
    assert!(error.contains("the type `PRICEInfo` would be renamed to PriceInfo"), "{error}");
}

/// Each schema refers to the next one twice, which gives 2^30 paths.
#[test]
fn shared_references_are_followed_once() {
    let document = Project::new().changed(|document| {
        let schemas = &mut document["components"]["schemas"];
        for at in 0..30 {
            let next = |kind: &str| json!({"$ref": format!("#/components/schemas/A.{kind}{}", at + 1)});
            schemas[format!("A.Base{at}")] = json!({"allOf": [next("Base"), next("Base")]});
            schemas[format!("A.Alias{at}")] = json!({"oneOf": [next("Alias"), next("Alias")]});
        }
        schemas["A.Base30"] = json!({"type": "object", "properties": {"text": {"type": "string"}}});
        schemas["A.Alias30"] = json!({"type": "string"});
        schemas["A.User"] =
            json!({"type": "object", "properties": {"alias": {"$ref": "#/components/schemas/A.Alias0"}}});
    });
    let files = Project::new().other_document(document).unwrap();
    assert!(files.iter().any(|(_, text)| text.contains("pub struct Base0 {")));
}
