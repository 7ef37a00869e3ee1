//! Reads a document (converted if it is Swagger 2.0), applies an overlay and compares the result with the document. The input is the
//! document and, after a line `---`, the overlay.

#![no_main]

use libfuzzer_sys::fuzz_target;
use xtask::document::correction;
use xtask::document::load;
use xtask::document::names::Names;
use xtask::document::overlay;
use xtask::generate::model::hand_written::HandWritten;
use xtask::generate::retained::Retained;

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return drop(load::parse(bytes));
    };
    let (document, actions) = text.split_once("\n---\n").unwrap_or((text, ""));
    let overlay = overlay::parse("fuzz.overlay.yaml", actions);
    let Ok(document) = load::from_bytes("fuzz.json", document.as_bytes().to_vec()) else { return };
    let mut value = document.value.clone();
    if let Ok(overlay) = overlay
        && let Ok(corrections) = correction::group("fuzz.overlay.yaml", overlay.actions)
    {
        for correction in corrections {
            let _ = correction.apply(&mut value);
        }
    }
    let _ = xtask::diff::compare::compare(&document.value, &value);
    let (_, findings) =
        xtask::generate::interface(&value, &Names::default(), &Retained::default(), &HandWritten::default(), false);
    // Every finding is printed with its line, which must exist.
    let _ = findings.into_result_in("fuzz", &document.source);
});
