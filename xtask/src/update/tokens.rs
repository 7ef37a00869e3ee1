//! Splits Rust code into names and signs with their places.
//!
//! `proc_macro2` knows the places only with a feature, which would build `syn` a second time for every macro of the workspace. The words
//! of doc comments are included, because examples name items, too.

/// A name, or one sign; `::` is one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token<'t> {
    pub text: &'t str,
    /// The offset in the text, in bytes.
    pub at: usize,
}

/// Returns the tokens of code outside of literals and comments, and those of doc comments.
pub fn of_rust(text: &str) -> Vec<Token<'_>> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(letter) = text[at..].chars().next() {
        let rest = &text[at..];
        let length = if rest.starts_with("//") {
            let line = rest.lines().next().unwrap_or_default();
            if line.starts_with("///") || line.starts_with("//!") {
                found.extend(of_prose(line).into_iter().map(|token| Token { at: token.at + at, ..token }));
            }
            line.len()
        } else if rest.starts_with("/*") {
            comment(rest)
        } else if let Some(length) = literal(rest) {
            length
        } else {
            let length = word(rest).max(letter.len_utf8());
            push(&mut found, &rest[..length], at)
        };
        at += length;
    }
    found
}

/// Returns the tokens of prose, such as a page in Markdown: quotes do not begin a literal.
pub fn of_prose(text: &str) -> Vec<Token<'_>> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(letter) = text[at..].chars().next() {
        at += push(&mut found, &text[at..at + word(&text[at..]).max(letter.len_utf8())], at);
    }
    found
}

/// Returns line and column of an offset, from 1, as compilers count them.
pub fn line_and_column(text: &str, at: usize) -> (usize, usize) {
    let before = &text[..at];
    let start = before.rfind('\n').map_or(0, |newline| newline + 1);
    (before.matches('\n').count() + 1, before[start..].chars().count() + 1)
}

fn push<'t>(found: &mut Vec<Token<'t>>, text: &'t str, at: usize) -> usize {
    if text.trim().is_empty() {
        return text.len();
    }
    match found.last_mut() {
        // Two signs that follow each other, from the text that both are in.
        Some(last) if last.text == ":" && text == ":" && last.at + 1 == at => last.text = "::",
        _ => found.push(Token { text, at }),
    }
    text.len()
}

/// The length of the name at the start; 0 if there is none.
fn word(text: &str) -> usize {
    text.find(|letter: char| !letter.is_alphanumeric() && letter != '_').unwrap_or(text.len())
}

fn comment(text: &str) -> usize {
    let mut depth = 0;
    let mut at = 0;
    while let Some(letter) = text[at..].chars().next() {
        match &text[at..] {
            rest if rest.starts_with("/*") => (depth, at) = (depth + 1, at + 2),
            rest if rest.starts_with("*/") => (depth, at) = (depth - 1, at + 2),
            _ => at += letter.len_utf8(),
        }
        if depth == 0 {
            return at;
        }
    }
    at
}

/// The length of the string or character at the start.
fn literal(text: &str) -> Option<usize> {
    let prefix = ["br", "cr", "b", "c", "r", ""].into_iter().find(|prefix| {
        let rest = text.strip_prefix(prefix).map(|rest| rest.trim_start_matches('#'));
        rest.is_some_and(|rest| rest.starts_with('"'))
    });
    if let Some(prefix) = prefix {
        let hashes = text[prefix.len()..].bytes().take_while(|byte| *byte == b'#').count();
        let start = prefix.len() + hashes + 1;
        if prefix.ends_with('r') {
            let end = format!("\"{}", "#".repeat(hashes));
            return Some(text[start..].find(&end).map_or(text.len(), |length| start + length + end.len()));
        }
        return (hashes == 0).then(|| quoted(text, start, '"'));
    }
    let inner = text.strip_prefix('\'').or_else(|| text.strip_prefix("b'"))?;
    let start = text.len() - inner.len();
    let first = inner.chars().next()?;
    // Else it is a lifetime.
    let is_character = first == '\\' || inner[first.len_utf8()..].starts_with('\'');
    is_character.then(|| quoted(text, start, '\''))
}

/// The length up to the closing quote.
fn quoted(text: &str, start: usize, quote: char) -> usize {
    let mut escaped = false;
    for (at, letter) in text[start..].char_indices() {
        if letter == quote && !escaped {
            return start + at + letter.len_utf8();
        }
        escaped = letter == '\\' && !escaped;
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Vec<&str> {
        of_rust(text).into_iter().map(|token| token.text).filter(|text| text.starts_with(char::is_alphabetic)).collect()
    }

    #[test]
    fn literals_and_comments_are_left_out() {
        let code = r##"fn f<'a>(x: &'a str) -> char { g("Not \" this", r#"Nor " this"#, b'\'', '"', '\\'); /* no /* no */ no */ y } // no
        /// Yes, it's [`Branch`].
        let r = br"x\"; z"##;
        let expected = ["fn", "f", "a", "x", "a", "str", "char", "g", "y", "Yes", "it", "s", "Branch", "let", "r", "z"];
        assert_eq!(names(code.replace("&'a", "& 'a").as_str()), expected);
        assert_eq!(names("\"open"), Vec::<&str>::new());
    }

    #[test]
    fn tokens_have_places() {
        let code = "let ä = 1;\n    ä.b::<C::D>();";
        let texts: Vec<&str> = of_rust(code).iter().map(|token| token.text).collect();
        assert_eq!(texts, ["let", "ä", "=", "1", ";", "ä", ".", "b", "::", "<", "C", "::", "D", ">", "(", ")", ";"]);
        let token = of_rust(code).into_iter().find(|token| token.text == "D").unwrap();
        assert_eq!(line_and_column(code, token.at), (2, 14));
    }
}
