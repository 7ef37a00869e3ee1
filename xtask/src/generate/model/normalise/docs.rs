//! Rule: descriptions become valid rustdoc.

use super::Normaliser;
use crate::document::finding::Finding;
use crate::document::node::Node;

impl<'d> Normaliser<'d> {
    pub(super) fn description(&self, node: &Node<'d>) -> Option<String> {
        // A description that is not a string is ignored, so that descriptions never stop generation.
        self.text(node, "description").ok().flatten()
    }

    pub(super) fn text(&self, node: &Node<'d>, key: &str) -> Result<Option<String>, Finding> {
        let text = node.value.get(key).and_then(|v| v.as_str());
        Ok(text.map(rustdoc).filter(|text| !text.is_empty()))
    }
}

/// Converts a description to plain text and simple Markdown that rustdoc does not parse as tests, HTML or links.
pub fn rustdoc(text: &str) -> String {
    let text = unescape(&text.replace("\r\n", "\n").replace('\r', "\n"));
    let mut out: Vec<String> = Vec::new();
    let mut sample = false;
    for line in text.trim().lines() {
        let line = line.trim_end();
        let indented = line.starts_with("    ") || line.starts_with('\t');
        let fence = line.trim_start().starts_with("```") || line.trim_start().starts_with("~~~");
        if fence {
            // Code fences are removed. Their content stays a code block or becomes text.
            continue;
        }
        if indented && !sample {
            out.push("```text".to_owned());
            sample = true;
        } else if sample && !indented && !line.is_empty() {
            out.push("```".to_owned());
            sample = false;
        }
        out.push(if sample { line.trim_start_matches("    ").to_owned() } else { escape(line.trim_start()) });
    }
    if sample {
        out.push("```".to_owned());
    }
    out.join("\n").trim().to_owned()
}

/// Decodes HTML entities. Some publishers encode them twice.
fn unescape(text: &str) -> String {
    let mut text = text.to_owned();
    for _ in 0..2 {
        for (entity, c) in [
            ("&lt;", "<"),
            ("&gt;", ">"),
            ("&quot;", "\""),
            ("&#39;", "'"),
            ("&apos;", "'"),
            ("&nbsp;", " "),
            ("&amp;", "&"),
        ] {
            text = text.replace(entity, c);
        }
    }
    text
}

/// Escapes text outside of code spans: brackets are not links, angle brackets are not HTML, and URLs are links.
fn escape(line: &str) -> String {
    let mut out = String::new();
    for (i, part) in line.split('`').enumerate() {
        if i > 0 {
            out.push('`');
        }
        // Every second part is inside a code span, unless the last backtick is unmatched.
        let code = i % 2 == 1 && i < line.matches('`').count();
        out.push_str(&if code { part.to_owned() } else { prose(part) });
    }
    if line.matches('`').count() % 2 == 1 {
        let at = out.rfind('`').unwrap_or(0);
        out.insert(at, '\\');
    }
    out
}

fn prose(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("http://").into_iter().chain(rest.find("https://")).min() {
        let end = rest[at..]
            .find(|c: char| c.is_whitespace() || "<>()[]{}\"'|\\^".contains(c))
            .map_or(rest.len(), |e| at + e);
        let address = rest[at..end].trim_end_matches(['.', ',', ';', ':', '!', '?']);
        plain(&rest[..at], &mut out);
        out.push('<');
        out.push_str(address);
        out.push('>');
        rest = &rest[at + address.len()..];
    }
    plain(rest, &mut out);
    out
}

fn plain(text: &str, out: &mut String) {
    for c in text.chars() {
        if matches!(c, '[' | ']' | '<' | '>' | '*' | '_' | '|' | '\\') {
            out.push('\\');
        }
        out.push(c);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn converts_descriptions_to_rustdoc() {
        let table = [
            ("a &lt;b&gt; &amp;amp; c", "a \\<b\\> & c"),
            ("see [x] and Vec<T>", "see \\[x\\] and Vec\\<T\\>"),
            ("at https://a.example/b?c=d, now", "at <https://a.example/b?c=d>, now"),
            ("one\r\n\r\n    {\r\n      1\r\n    }\r\ntwo", "one\n\n```text\n{\n  1\n}\n```\ntwo"),
            ("```json\n{}\n```", "{}"),
            ("use `a[b]` here", "use `a[b]` here"),
            ("an odd ` tick", "an odd \\` tick"),
        ];
        for (text, expected) in table {
            assert_eq!(rustdoc(text), expected, "{text:?}");
        }
    }
}
