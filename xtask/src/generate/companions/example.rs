//! The example of each operation builder. `cargo test` compiles it.

use crate::document::words;
use crate::generate::model::api::{Api, IfMatch, Operation, Param, Type, UnionKind};
use anyhow::Result;

/// Returns the example as Markdown.
pub fn of(api: &Api, op: &Operation) -> Result<String> {
    let stream = api.page_of(op).is_some();
    let import = if stream { "# use futures_util::TryStreamExt;\n" } else { "" };
    let code = formatted(&if stream { list(op) } else { call(api, op) })?;
    Ok(format!(
        "```no_run\n{import}# use {}::{{Client, Error, types::*}};\n\
         # async fn example(client: Client) -> Result<(), Error> {{\n{code}# Ok(())\n# }}\n```",
        api.crate_name()
    ))
}

/// Breaks long lines.
fn formatted(statements: &str) -> Result<String> {
    let file = syn::parse_file(&format!("fn example() {{{statements}}}"))?;
    let text = prettyplease::unparse(&file);
    let lines: Vec<&str> = text.lines().collect();
    let body = lines.get(1..lines.len().saturating_sub(1)).unwrap_or_default();
    Ok(body.iter().map(|line| format!("{}\n", line.strip_prefix("    ").unwrap_or(line))).collect())
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
    let expand = api.get_of(op).map(|get| expand(get, op)).unwrap_or_default();
    code + &format!("{result}client.{name}({arguments}){expand}{any}.send().await?;\n")
}

/// The call of `expand` that makes the response complete, where the operation has the parameter.
fn expand(get: &Operation, op: &Operation) -> String {
    op.expansion(get).map(|(setter, value)| format!(".{setter}({value:?})")).unwrap_or_default()
}

/// A resource that can be read is read and sent back, any other body is new.
fn body_of(api: &Api, op: &Operation, body: &Type) -> String {
    match (op.method.as_str(), api.get_of(op).filter(|get| get.response.as_ref() == Some(body) && !get.may_be_empty)) {
        ("PUT", Some(get)) => {
            let (name, arguments, expand) = (&get.name, arguments(get).join(", "), expand(get, get));
            format!("client.{name}({arguments}){expand}.send().await?.into_inner()")
        }
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
        Type::List(item) => match &**item {
            Type::Bool => "vec![true]".to_owned(),
            Type::Integer => "vec![1]".to_owned(),
            Type::Enum(name) => format!("vec![{name}::from(\"value\")]"),
            _ => "vec![\"value\".to_owned()]".to_owned(),
        },
        _ => sample(&param.wire),
    };
    required.map(argument).collect()
}
