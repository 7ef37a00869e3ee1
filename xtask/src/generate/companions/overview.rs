//! The documentation of the module `operations`: every operation by resource.

use crate::generate::model::api::{Api, Group};

/// Returns the text for the module's documentation.
pub fn text(api: &Api) -> String {
    let mut text = format!(
        "The {} operations of the API, one builder each.\n\nStart a call with the method of \
         [`Client`](crate::Client) in the table below, and send it with `send`.\n",
        api.operations.len()
    );
    for group in api.groups() {
        text += &section(&group);
    }
    text
}

fn section(group: &Group<'_>) -> String {
    let mut text = format!("\n## {}\n\n", group.title);
    if !group.terms.is_empty() {
        text += &format!("Also called: {}.\n\n", group.terms.join(", "));
    }
    text += "| method | description | request |\n| --- | --- | --- |\n";
    for op in &group.operations {
        let (method, path, name) = (&op.method, &op.path, &op.name);
        let link = format!("[`{name}`](crate::Client::{name})");
        text += &format!("| {link} | {} | `{method} {path}` |\n", op.summary().replace('|', "\\|"));
    }
    text
}
