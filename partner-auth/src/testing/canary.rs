//! Searches printed text for a secret.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use std::fmt;

/// A secret that a test passes to a program, to search for it in everything that the program prints: as text, in hexadecimal,
/// in base64 and as a list of bytes.
///
/// ```
/// use partner_auth::Credential;
/// use partner_auth::testing::Canary;
///
/// let canary = Canary::new("canary-7f3a");
/// assert_eq!(canary.find(&format!("{:?}", Credential::secret("canary-7f3a"))), None);
/// assert!(canary.find(&format!("{:?}", "canary-7f3a".as_bytes())).is_some());
/// ```
#[derive(Clone)]
pub struct Canary(Vec<(&'static str, String)>);

impl Canary {
    /// Creates a canary. The secret must have at least eight characters and occur nowhere else.
    pub fn new(secret: &str) -> Self {
        let bytes = secret.as_bytes();
        let joined = |separator: &str| bytes.iter().map(u8::to_string).collect::<Vec<_>>().join(separator);
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        let mut forms = vec![
            ("text", secret.to_owned()),
            ("upper-case hexadecimal", hex.to_uppercase()),
            ("hexadecimal", hex),
            ("a list of bytes", joined(", ")),
            ("a list of bytes", joined(",")),
            ("a list of bytes", joined(",\n    ")),
        ];
        // Base64 has three forms, depending on the offset of the text. Its first and last groups depend on the adjacent text.
        for skip in 0..3 {
            let inner = bytes.get(skip..).unwrap_or_default();
            let inner = &inner[..inner.len() / 3 * 3];
            if !inner.is_empty() {
                forms.push(("base64", STANDARD_NO_PAD.encode(inner)));
                forms.push(("base64", URL_SAFE_NO_PAD.encode(inner)));
            }
        }
        Self(forms)
    }

    /// Returns the form in which the text contains the secret, if it does.
    pub fn find(&self, printed: &str) -> Option<&'static str> {
        self.0.iter().find(|(_, form)| printed.contains(form.as_str())).map(|(name, _)| *name)
    }
}

impl fmt::Debug for Canary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Canary(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_a_secret_in_every_form() {
        let secret = "canary-secret-7f3a";
        let canary = Canary::new(secret);
        let bytes = secret.as_bytes();
        for (planted, form) in [
            (format!("x{secret}y"), "text"),
            (format!("{bytes:?}"), "a list of bytes"),
            (format!("{bytes:#?}"), "a list of bytes"),
            (format!("{bytes:02x?}").replace(", ", ""), "hexadecimal"),
            (format!("{bytes:02X?}").replace(", ", ""), "upper-case hexadecimal"),
            (STANDARD_NO_PAD.encode(secret), "base64"),
            (STANDARD_NO_PAD.encode(format!("a{secret}")), "base64"),
            (URL_SAFE_NO_PAD.encode(format!("Bearer {secret} and more")), "base64"),
            // The `oauth2` crate prints a body that it cannot parse like this.
            (format!("Parse(_, {:?})", format!("{{\"access_token\":\"{secret}\"").as_bytes()), "a list of bytes"),
        ] {
            assert_eq!(canary.find(&planted), Some(form), "{planted}");
        }
        assert_eq!(canary.find("unrelated text"), None);
        assert_eq!(canary.find(&format!("{canary:?}")), None);
        assert_eq!(Canary::new("").find("x"), Some("text"), "an empty secret is in every text");
    }
}
