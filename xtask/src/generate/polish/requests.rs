//! Reduces progenitor's methods to building the request.
//!
//! The runtime sends, retries and decodes. Progenitor's methods have hooks for sending and retrying, but not for decoding: they lose
//! the headers of a response that cannot be decoded, and take longer than the whole runtime.

use anyhow::{Result, bail};
use proc_macro2::TokenStream;
use quote::quote;
use syn::visit_mut::VisitMut;
use syn::{Expr, ImplItemFn, Stmt, parse_quote};

/// Changes a method that sends a request to one that returns it. An unknown statement is an error, because a new version of progenitor
/// may add statements that must not be dropped.
pub fn keep_request(method: &mut ImplItemFn) -> Result<()> {
    let name = method.sig.ident.to_string();
    let mut before = std::mem::take(&mut method.block.stmts);
    let Some(at) = before.iter().position(|stmt| binds(stmt, "request")) else {
        bail!("progenitor's method {name} builds no request");
    };
    let after = before.split_off(at + 1);
    check_sending(&name, &after)?;
    let request = request_of(&name, before.pop())?;
    let headers: Vec<Stmt> = before.extract_if(.., |stmt| !binds(stmt, "url")).collect();
    check_headers(&name, &headers)?;
    method.block.stmts = before;
    method.block.stmts.push(Stmt::Expr(request, None));
    // Inlined, so that the caller's crate compiles it with the encoding of the body. A release build of the library took three times
    // as long otherwise.
    method.attrs.push(parse_quote!(#[inline]));
    method.sig.asyncness = None;
    method.sig.output = parse_quote!(-> reqwest::Result<reqwest::Request>);
    Ok(())
}

fn binds(stmt: &Stmt, name: &str) -> bool {
    matches!(stmt, Stmt::Local(local) if matches!(&local.pat, syn::Pat::Ident(pat) if pat.ident == name))
}

/// Returns the request without the `api-version` header, which the service does not use.
fn request_of(name: &str, stmt: Option<Stmt>) -> Result<Expr> {
    let Some(Stmt::Local(syn::Local { init: Some(init), .. })) = stmt else {
        bail!("progenitor's method {name} builds its request in an unknown way");
    };
    let Expr::Try(request) = *init.expr else {
        bail!("progenitor's method {name} builds its request in an unknown way")
    };
    let mut request = *request.expr;
    WithoutHeaders.visit_expr_mut(&mut request);
    Ok(request)
}

struct WithoutHeaders;

impl VisitMut for WithoutHeaders {
    fn visit_expr_mut(&mut self, expr: &mut Expr) {
        if let Expr::MethodCall(call) = expr
            && call.method == "headers"
        {
            *expr = (*call.receiver).clone();
        }
        syn::visit_mut::visit_expr_mut(self, expr);
    }
}

fn check_headers(name: &str, found: &[Stmt]) -> Result<()> {
    let known = quote! {
        let mut header_map = ::reqwest::header::HeaderMap::with_capacity(1usize);
        header_map.append(
            ::reqwest::header::HeaderName::from_static("api-version"),
            ::reqwest::header::HeaderValue::from_static(Self::api_version()),
        );
    };
    same(found, &known).then_some(()).ok_or_else(|| unknown(name, "before the request", found))
}

fn check_sending(name: &str, found: &[Stmt]) -> Result<()> {
    let known = |decoded: TokenStream| {
        quote! {
            let info = OperationInfo { operation_id: #name, };
            self.pre(&mut request, &info).await?;
            let result = self.exec(request, &info).await;
            self.post(&result, &info).await?;
            let response = result?;
            match response.status().as_u16() {
                200..=299 => #decoded
                _ => Err(Error::UnexpectedResponse(response)),
            }
        }
    };
    let known = [
        known(quote!({ ResponseValue::from_response(response).await })),
        known(quote!({ Ok(ResponseValue::empty(response)) })),
    ];
    let is_known = known.iter().any(|known| same(found, known));
    is_known.then_some(()).ok_or_else(|| unknown(name, "after the request", found))
}

fn same(found: &[Stmt], known: &TokenStream) -> bool {
    quote!(#(#found)*).to_string() == known.to_string()
}

fn unknown(name: &str, place: &str, found: &[Stmt]) -> anyhow::Error {
    let found = quote!(#(#found)*);
    anyhow::anyhow!(
        "progenitor's method {name} has an unknown statement {place}, see xtask/src/generate/polish: {found}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn method(before: &str, after: &str) -> ImplItemFn {
        let text = format!(
            "pub async fn get<'a>(&'a self, id: &'a str) -> Result<ResponseValue<()>, Error<()>> {{
                let url = format!(\"{{}}/a/{{}}\", self.baseurl, encode_path(&id.to_string()));
                let mut header_map = ::reqwest::header::HeaderMap::with_capacity(1usize);
                header_map.append(
                    ::reqwest::header::HeaderName::from_static(\"api-version\"),
                    ::reqwest::header::HeaderValue::from_static(Self::api_version()),
                );
                {before}
                #[allow(unused_mut)]
                let mut request = self.client.get(url).headers(header_map).build()?;
                let info = OperationInfo {{ operation_id: \"get\", }};
                self.pre(&mut request, &info).await?;
                let result = self.exec(request, &info).await;
                {after}
                self.post(&result, &info).await?;
                let response = result?;
                match response.status().as_u16() {{
                    200..=299 => {{ Ok(ResponseValue::empty(response)) }}
                    _ => Err(Error::UnexpectedResponse(response)),
                }}
            }}"
        );
        syn::parse_str(&text).unwrap()
    }

    #[test]
    fn reduces_a_method_to_its_request() {
        let mut method = method("", "");
        keep_request(&mut method).unwrap();
        let wanted: ImplItemFn = parse_quote! {
            #[inline]
            pub fn get<'a>(&'a self, id: &'a str) -> reqwest::Result<reqwest::Request> {
                let url = format!("{}/a/{}", self.baseurl, encode_path(&id.to_string()));
                self.client.get(url).build()
            }
        };
        assert_eq!(method, wanted);
    }

    #[test]
    fn unknown_statements_are_errors() {
        let error = keep_request(&mut method("let signature = self.sign(&url);", "")).unwrap_err().to_string();
        assert!(error.contains("get has an unknown statement before the request") && error.contains("sign"), "{error}");
        let error = keep_request(&mut method("", "self.count(&result);")).unwrap_err().to_string();
        assert!(error.contains("get has an unknown statement after the request") && error.contains("count"), "{error}");
    }
}
