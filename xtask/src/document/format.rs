//! Recognizes files that are not a document: what was downloaded instead, or saved in another encoding.

/// Returns what the file is and what to do, if it cannot be JSON or YAML in UTF-8.
pub fn not_text(bytes: &[u8]) -> Option<&'static str> {
    let nul_at = |odd: usize| bytes.len() > 3 && bytes.iter().take(64).skip(odd).step_by(2).all(|byte| *byte == 0);
    match bytes {
        [] => Some("the file is empty; download it again"),
        [0x1f, 0x8b, ..] => Some("a gzip file; decompress it with `gunzip`"),
        [b'P', b'K', 3, 4, ..] => Some("a zip archive; unpack it"),
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => Some("UTF-16 text; save the file as UTF-8"),
        _ if nul_at(1) || nul_at(0) => Some("UTF-16 text without a byte order mark; save the file as UTF-8"),
        _ => None,
    }
}

/// Returns what the text is and what to do, if it begins as no JSON or YAML document does.
pub fn not_a_document(text: &str) -> Option<&'static str> {
    let text = text.trim_start();
    let start: String = text.chars().take(200).collect::<String>().to_ascii_lowercase();
    if start.is_empty() {
        return Some("the file is empty; download it again");
    }
    if start.starts_with("<!doctype html") || start.starts_with("<html") || start.starts_with("<!--") {
        return Some("an HTML page; download the document itself, such as the raw file of a repository");
    }
    if start.starts_with('<') {
        return Some("XML; download the document as JSON or YAML");
    }
    let inside = text.strip_prefix('{').map(str::trim_start);
    let is_flow = |inside: &str| inside.starts_with(|c: char| c.is_ascii_alphabetic() || c == '\'' || c == '#');
    inside
        .filter(|inside| is_flow(inside))
        .map(|_| "YAML in flow style; convert the file to JSON, or to YAML in block style")
}
