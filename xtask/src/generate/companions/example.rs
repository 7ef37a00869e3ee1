//! The example of each operation builder. `cargo test` compiles it.

use crate::document::words;
use crate::generate::model::api::{Api, IfMatch, Operation, Param, Type, UnionKind};

/// Returns the example as Markdown.
pub fn of(api: &Api, op: &Operation) -> String {
    let stream = api.page_of(op).is_some();
    let import = if stream { "# use futures_util::TryStreamExt;\n" } else { "" };
    let code = if stream { list(op) } else { call(api, op) };
    format!(
        "```no_run\n{import}# use partner_ingestion_sdk::{{Client, Error, types::*}};\n\
         # async fn example(client: Client) -> Result<(), Error> {{\n{code}# Ok(())\n# }}\n```"
    )
}

fn list(op: &Operation) -> String {
    let (name, arguments) = (&op.name, arguments(op).join(", "));
    format!(
        "let mut items = client.{name}({arguments}).stream();\nwhile let Some(item) = items.try_next().await? {{\n    \
         println!(\"{{item:?}}\");\n}}\n"
    )
}

fn call(api: &Api, op: &Operation) -> String {
    let (name, mut arguments) = (&op.name, arguments(op));
    let mut code = String::new();
    if let Some(body) = &op.body {
        code = format!("let body = {};\n", body_of(api, op, body));
        arguments.push("body".to_owned());
    }
    let arguments = arguments.join(", ");
    // A body that was read has the entity tag; a new one has none.
    let any = op.if_match == IfMatch::Required && !code.contains("into_inner");
    let any = if any { ".if_match(\"*\")" } else { "" };
    let result = if op.response.is_some() { "let response = " } else { "" };
    code + &format!("{result}client.{name}({arguments}){any}.send().await?;\n")
}

/// A resource that can be read is read and sent back, any other body is new.
fn body_of(api: &Api, op: &Operation, body: &Type) -> String {
    let same = |get: &&Operation| get.method == "GET" && get.path == op.path && get.response.as_ref() == Some(body);
    match (op.method.as_str(), api.operations.iter().find(same)) {
        ("PUT", Some(get)) => format!("client.{}({}).send().await?.into_inner()", get.name, arguments(get).join(", ")),
        _ => new(api, body),
    }
}

fn new(api: &Api, ty: &Type) -> String {
    match ty {
        Type::Struct(name) => format!("{name}::default()"),
        Type::Union(name) => match api.unions.get(name).map(|union| &union.kind) {
            Some(UnionKind::Tagged { members, .. }) if !members.is_empty() => format!("{}::default()", members[0].ty),
            Some(UnionKind::Shaped { members }) if !members.is_empty() => {
                format!("{name}::from({})", new(api, &members[0].1))
            }
            _ => "Default::default()".to_owned(),
        },
        Type::Enum(name) | Type::Id(name) => format!("{name}::from(\"value\")"),
        Type::Bool => "true".to_owned(),
        Type::Decimal => "Decimal::from(1)".to_owned(),
        Type::Integer => "1".to_owned(),
        Type::Any => "serde_json::json!({})".to_owned(),
        Type::List(_) => "vec![]".to_owned(),
        Type::Map(_) => "Default::default()".to_owned(),
        Type::Secret | Type::Text | Type::Timestamp | Type::Tag(_) => "\"value\"".to_owned(),
    }
}

/// Sample arguments for what the operation requires, without the body.
fn arguments(op: &Operation) -> Vec<String> {
    let required = op.path_params.iter().chain(op.params.iter().filter(|param| param.required));
    let sample = |wire: &str| format!("{:?}", words::snake(wire).replace('_', "-"));
    let argument = |param: &Param| match &param.ty {
        Type::Bool => "true".to_owned(),
        Type::Integer => "1".to_owned(),
        Type::Enum(_) => format!("{:?}", words::camel(&param.wire)),
        _ => sample(&param.wire),
    };
    required.map(argument).collect()
}
