//! JSON pointers (RFC 6901) and references, in OpenAPI 3.0 and Swagger 2.0.

/// The paths of reusable components in version 2 and in version 3.
const MOVED: [(&str, &str); 3] = [
    ("/definitions/", "/components/schemas/"),
    ("/parameters/", "/components/parameters/"),
    ("/responses/", "/components/responses/"),
];

/// Encodes a name as a segment of a JSON pointer.
pub fn escape(segment: &str) -> String {
    segment.replace('~', "~0").replace('/', "~1")
}

/// Decodes a segment of a JSON pointer.
pub fn unescape(segment: &str) -> String {
    segment.replace("~1", "/").replace("~0", "~")
}

/// Returns the JSON pointer of a reference within the document; its text is part of a URI (RFC 6901, section 6).
pub fn local_pointer(reference: &str) -> Option<String> {
    let pointer = percent_encoding::percent_decode_str(reference.strip_prefix('#')?);
    pointer.decode_utf8().ok().map(Into::into)
}

/// Returns the name of the component that a reference points to; `None` for a part of a component.
pub fn component(reference: &str, kind: &str) -> Option<String> {
    let pointer = local_pointer(reference)?;
    let name = pointer.strip_prefix("/components/")?.strip_prefix(kind)?.strip_prefix('/')?;
    (!name.contains('/')).then(|| unescape(name))
}

/// Returns the last segment of a pointer, decoded.
pub fn last_segment(pointer: &str) -> String {
    let last = pointer.rsplit('/').next().unwrap_or(pointer);
    unescape(last)
}

/// Returns the Swagger 2.0 pointer of a place in the converted document, as far as it is known.
pub fn swagger2_pointer(pointer: &str) -> String {
    let moved = MOVED.iter().find_map(|(older, newer)| Some(format!("{older}{}", pointer.strip_prefix(newer)?)));
    let pointer = moved.unwrap_or_else(|| pointer.to_owned());
    match pointer.split_once("/content/") {
        // The schema of a response has no media type around it.
        Some((response, content)) if response.contains("/responses/") => {
            format!("{response}/{}", content.split_once('/').map_or("", |(_, inside)| inside))
        }
        _ => pointer,
    }
}

/// Converts a reference from Swagger 2.0 to OpenAPI 3.0.
pub fn moved_reference(reference: &str) -> String {
    let moved = MOVED
        .iter()
        .find_map(|(older, newer)| Some(format!("#{newer}{}", reference.strip_prefix('#')?.strip_prefix(older)?)));
    moved.unwrap_or_else(|| reference.to_owned())
}
