//! `generated/rules.rs`: the rules of publishing, for the offline checks. The sandbox gets the same as JSON.

use super::{ident, print};
use crate::document::rules::{Check, Condition, Rule, Scope, Select};
use crate::document::words;
use anyhow::{Context, Result};
use proc_macro2::TokenStream;
use quote::quote;
use serde_json::json;
use std::fmt::Write;

pub fn emit(rules: &[Rule]) -> Result<String> {
    // Rules about files are in a separate table. The checks delete and change nothing.
    let is_left_out = |rule: &&Rule| {
        matches!(
            rule.check,
            Check::ImageSize { .. } | Check::Archive { .. } | Check::NeverPublished | Check::NeverChanges
        )
    };
    let of_files = rules.iter().filter_map(file_rule);
    let rules = rules.iter().filter(|rule| !is_left_out(rule)).map(rule);
    print(quote! {
        use crate::workflows::check::rule::*;

        /// Every rule of publishing, in the order of the file.
        pub(crate) static RULES: &[Rule] = &[#(#rules),*];

        /// Every rule about the content of a file, in the order of the file.
        pub(crate) static FILE_RULES: &[FileRule] = &[#(#of_files),*];
    })
}

/// The rules for the sandbox.
pub fn json(rules: &[Rule]) -> Result<String> {
    let text = serde_json::to_string_pretty(&json!({"rules": rules})).context("cannot write the rules")?;
    Ok(text + "\n")
}

/// The page of the documentation with every rule.
pub fn page(rules: &[Rule]) -> String {
    let mut text = "The rules of publishing in the portal's documentation, for Azure applications. [`Publish::check`](crate::Publish::check) and\n\
        [`OfferManifest::check`](crate::OfferManifest::check) report a violation with the error code `check/` and the id, the sandbox with\n\
        `sandbox/` and the id. `SandboxBuilder::without_rule` and `--without-rule` turn a rule off in the sandbox. The service may check less\n\
        or more.\n\n\
        | id | about | the page says | page | confirmed for the API |\n| --- | --- | --- | --- | --- |\n"
        .to_owned();
    for rule in rules {
        let scope = match rule.of {
            Scope::Offer => "offer",
            Scope::Plan => "plan",
            Scope::Plans => "all plans",
        };
        let names = rule.target.path.iter().map(|step| step.name.as_str()).collect::<Vec<_>>().join(".");
        let about = if names.is_empty() { rule.target.type_name.clone() } else { names };
        let says = rule.says.replace('|', "\\|");
        let page = rule.source.rsplit('/').next().unwrap_or_default();
        let confirmed = if rule.confirmed { "yes" } else { "no" };
        let _ =
            writeln!(text, "| `{}` | {scope}, `{about}` | {says} | [{page}]({}) | {confirmed} |", rule.id, rule.source);
    }
    text
}

fn rule(rule: &Rule) -> TokenStream {
    let Rule { id, of, target, condition, across, check, source, .. } = rule;
    let of = ident(&format!("{of:?}"));
    let (type_name, selected, check) = (&target.type_name, select(target.select.as_ref()), kind(check));
    let steps = target.path.iter().map(|step| {
        let (name, select) = (&step.name, select(step.select.as_ref()));
        quote!(Step { name: #name, select: #select })
    });
    let condition = match condition {
        None => quote!(None),
        Some(Condition { variant, select: Select { property, value }, unless }) => quote! {
            Some(Condition { variant: #variant, select: Select { property: #property, value: #value }, unless: #unless })
        },
    };
    quote! {
        Rule {
            id: #id,
            of: Scope::#of,
            type_name: #type_name,
            select: #selected,
            path: &[#(#steps),*],
            condition: #condition,
            across: #across,
            check: #check,
            source: #source,
        }
    }
}

fn file_rule(rule: &Rule) -> Option<TokenStream> {
    let check = match &rule.check {
        Check::ImageSize { width: [least, most], height: [lowest, highest], square } => {
            quote!(FileCheck::Image { width: (#least, #most), height: (#lowest, #highest), square: #square })
        }
        Check::Archive { max, member_max, values } => {
            quote!(FileCheck::Archive { max: #max, member_max: #member_max, members: &[#(#values),*] })
        }
        _ => return None,
    };
    let (id, type_name, source) = (&rule.id, &rule.target.type_name, &rule.source);
    let select = select(rule.target.select.as_ref());
    Some(quote!(FileRule { id: #id, type_name: #type_name, select: #select, check: #check, source: #source }))
}

fn select(select: Option<&Select>) -> TokenStream {
    match select {
        None => quote!(None),
        Some(Select { property, value }) => quote!(Some(Select { property: #property, value: #value })),
    }
}

fn kind(check: &Check) -> TokenStream {
    match check {
        Check::Required => quote!(Check::Required),
        Check::Count { min, max } => {
            let max = match max {
                Some(max) => quote!(Some(#max)),
                None => quote!(None),
            };
            quote!(Check::Count { min: #min, max: #max })
        }
        Check::MaxLength { max } => quote!(Check::MaxLength { max: #max }),
        Check::Format { format } => {
            let format = ident(&words::camel(&format!("{format:?}")));
            quote!(Check::Format(Format::#format))
        }
        Check::OneOf { values } => quote!(Check::OneOf(&[#(#values),*])),
        Check::Unique => quote!(Check::Unique),
        Check::KeepsPublished { values } => quote!(Check::KeepsPublished(&[#(#values),*])),
        Check::Raised => quote!(Check::Raised),
        Check::ImageSize { .. } | Check::Archive { .. } | Check::NeverPublished | Check::NeverChanges => {
            TokenStream::new()
        }
    }
}
