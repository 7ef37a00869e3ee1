//! `$filter`: the subset of OData that clients of the service use. Names and values are compared ignoring case.

use crate::schema::field;
use serde_json::Value;
use std::iter::Peekable;
use std::vec::IntoIter;

/// A parsed filter.
#[derive(Debug)]
pub(super) enum Filter {
    And(Box<Filter>, Box<Filter>),
    Or(Box<Filter>, Box<Filter>),
    Not(Box<Filter>),
    /// True if the value at the path equals this text.
    Is(Vec<String>, String),
    /// True if any item of the list matches. The filter refers to the item by this name.
    Any(Vec<String>, String, Box<Filter>),
}

impl Filter {
    /// Parses a filter. `None` if it is invalid or uses a property that is not in `known`.
    pub(super) fn parse(text: &str, known: &[&str]) -> Option<Self> {
        let mut parser = Parser {
            tokens: tokens(text)?.into_iter().peekable(),
            roots: known.iter().map(|name| name.to_ascii_lowercase()).collect(),
        };
        let filter = parser.either()?;
        parser.tokens.next().is_none().then_some(filter)
    }

    pub(super) fn matches(&self, value: &Value) -> bool {
        self.within(&[("", value)])
    }

    /// Evaluates the filter. `scopes` are the named values; the object itself has an empty name.
    fn within(&self, scopes: &[(&str, &Value)]) -> bool {
        match self {
            Self::And(left, right) => left.within(scopes) && right.within(scopes),
            Self::Or(left, right) => left.within(scopes) || right.within(scopes),
            Self::Not(filter) => !filter.within(scopes),
            Self::Is(path, wanted) => follow(path, scopes).is_some_and(|value| {
                let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                text.eq_ignore_ascii_case(wanted)
            }),
            Self::Any(path, name, filter) => {
                let items = follow(path, scopes).and_then(Value::as_array);
                items.into_iter().flatten().any(|item| {
                    let mut inner = scopes.to_vec();
                    inner.push((name, item));
                    filter.within(&inner)
                })
            }
        }
    }
}

/// Returns the value at a path, which starts with a named item or a property of the object.
fn follow<'v>(path: &[String], scopes: &[(&str, &'v Value)]) -> Option<&'v Value> {
    let named = scopes.iter().rev().find(|(name, _)| Some(*name) == path.first().map(String::as_str));
    let (start, rest) = match named {
        Some((_, item)) => (*item, &path[1..]),
        None => (scopes.first()?.1, path),
    };
    rest.iter().try_fold(start, |value, name| field(value.as_object()?, name))
}

#[derive(Debug, PartialEq)]
enum Token {
    Word(String),
    Text(String),
    Mark(char),
}

fn tokens(text: &str) -> Option<Vec<Token>> {
    let mut tokens = Vec::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            ' ' => {}
            '(' | ')' | ':' | '/' => tokens.push(Token::Mark(c)),
            '\'' => tokens.push(Token::Text(quoted(&mut chars)?)),
            _ if c.is_ascii_alphanumeric() || "_.@-".contains(c) => {
                let mut word = c.to_string();
                while let Some(c) = chars.next_if(|c| c.is_ascii_alphanumeric() || "_.@-".contains(*c)) {
                    word.push(c);
                }
                tokens.push(Token::Word(word));
            }
            _ => return None,
        }
    }
    Some(tokens)
}

/// Reads a string up to its closing quote. A quote inside the string is doubled.
fn quoted(chars: &mut Peekable<impl Iterator<Item = char>>) -> Option<String> {
    let mut text = String::new();
    loop {
        match chars.next()? {
            '\'' if chars.next_if_eq(&'\'').is_none() => return Some(text),
            c => text.push(c),
        }
    }
}

struct Parser {
    tokens: Peekable<IntoIter<Token>>,
    /// The allowed first names of a path, in lower case.
    roots: Vec<String>,
}

impl Parser {
    fn either(&mut self) -> Option<Filter> {
        let mut filter = self.both()?;
        while self.word("or") {
            filter = Filter::Or(Box::new(filter), Box::new(self.both()?));
        }
        Some(filter)
    }

    fn both(&mut self) -> Option<Filter> {
        let mut filter = self.one()?;
        while self.word("and") {
            filter = Filter::And(Box::new(filter), Box::new(self.one()?));
        }
        Some(filter)
    }

    fn one(&mut self) -> Option<Filter> {
        if self.word("not") {
            return Some(Filter::Not(Box::new(self.one()?)));
        }
        if self.mark('(') {
            let filter = self.either()?;
            return self.mark(')').then_some(filter);
        }
        let path = self.path()?;
        if self.mark('(') {
            return self.any(path);
        }
        let equal = self.word("eq");
        if !equal && !self.word("ne") {
            return None;
        }
        let value = match self.tokens.next()? {
            Token::Text(text) => text,
            Token::Word(word) if word == "true" || word == "false" => word,
            _ => return None,
        };
        let is = Filter::Is(path, value);
        Some(if equal { is } else { Filter::Not(Box::new(is)) })
    }

    /// Parses `list/any(name: filter)` after the opening parenthesis.
    fn any(&mut self, mut path: Vec<String>) -> Option<Filter> {
        let any = path.pop()?.eq_ignore_ascii_case("any");
        let Token::Word(name) = self.tokens.next()? else {
            return None;
        };
        if !any || path.is_empty() || !self.mark(':') {
            return None;
        }
        self.roots.push(name.to_ascii_lowercase());
        let filter = self.either()?;
        self.roots.pop();
        self.mark(')').then(|| Filter::Any(path, name, Box::new(filter)))
    }

    fn path(&mut self) -> Option<Vec<String>> {
        let mut path = Vec::new();
        loop {
            let Token::Word(word) = self.tokens.next()? else {
                return None;
            };
            path.push(word);
            if !self.mark('/') {
                break;
            }
        }
        let root = path.first()?.to_ascii_lowercase();
        self.roots.contains(&root).then_some(path)
    }

    fn word(&mut self, wanted: &str) -> bool {
        let is = |token: &Token| matches!(token, Token::Word(word) if word.eq_ignore_ascii_case(wanted));
        self.tokens.next_if(is).is_some()
    }

    fn mark(&mut self, wanted: char) -> bool {
        self.tokens.next_if_eq(&Token::Mark(wanted)).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn evaluates_filters_that_clients_send() {
        let product = json!({
            "resourceType": "AzureApplication",
            "isModularPublishing": true,
            "externalIDs": [{"type": "AzureOfferId", "value": "o'neil"}],
        });
        let table = [
            ("externalIDs/Any(i:i/type eq 'AzureOfferId' and i/value eq 'o''neil')", Some(true)),
            ("ExternalIDs/Any(i:i/Type eq 'AzureOfferId' and i/Value eq 'other')", Some(false)),
            ("externalIDs/any(x: x/value eq 'O''Neil')", Some(true)),
            ("ResourceType eq 'AzureApplication'", Some(true)),
            ("resourceType eq 'AzureContainer'", Some(false)),
            ("resourceType ne 'AzureContainer'", Some(true)),
            ("ResourceType eq 'AzureContainer' or ResourceType eq 'AzureApplication'", Some(true)),
            ("(resourceType eq 'x' or resourceType eq 'AzureApplication') and resourceType ne 'y'", Some(true)),
            ("not resourceType eq 'AzureApplication'", Some(false)),
            ("isModularPublishing eq true", Some(true)),
            ("name eq 'x'", None),
            ("resourceType", None),
            ("resourceType eq", None),
            ("resourceType eq 'open", None),
            ("resourceType eq 'a' 'b'", None),
            ("externalIDs/All(i:i/value eq 'x')", None),
            ("i/value eq 'x'", None),
            ("resourceType gt 'a'", None),
            ("(resourceType eq 'a'", None),
            ("", None),
            ("\u{e4}", None),
        ];
        for (text, expected) in table {
            let filter = Filter::parse(text, &["resourceType", "externalIDs", "isModularPublishing"]);
            assert_eq!(filter.map(|filter| filter.matches(&product)), expected, "{text}");
        }
    }
}
