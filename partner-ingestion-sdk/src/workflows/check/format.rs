//! The formats of texts.

use super::rule::Format;

impl Format {
    pub(super) fn matches(self, text: &str) -> bool {
        match self {
            Self::Guid => is_guid(text),
            Self::Https => https_host(text).is_some(),
            Self::NoEmoji => !text.chars().any(is_emoji),
            Self::OneLine => !text.contains(['\n', '\r']),
            Self::PlainText => !has_tag(text),
            Self::Slug => text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_'),
            Self::Version => {
                let parts = text.split('.').filter(|part| part.bytes().all(|b| b.is_ascii_digit()) && !part.is_empty());
                parts.count() == 3 && text.matches('.').count() == 2
            }
            Self::YoutubeOrVimeo => https_host(text).is_some_and(|host| {
                let site = host.strip_prefix("www.").unwrap_or(&host);
                matches!(site, "youtube.com" | "m.youtube.com" | "youtu.be" | "vimeo.com" | "player.vimeo.com")
            }),
        }
    }

    pub(super) fn description(self) -> &'static str {
        match self {
            Self::Guid => "a GUID in lowercase",
            Self::Https => "an https URL",
            Self::NoEmoji => "no emoji",
            Self::OneLine => "one line",
            Self::PlainText => "no HTML",
            Self::Slug => "lowercase letters, digits, - and _",
            Self::Version => "three integers separated by dots",
            Self::YoutubeOrVimeo => "an https URL on YouTube or Vimeo",
        }
    }
}

fn is_guid(text: &str) -> bool {
    text.len() == 36
        && text.char_indices().all(|(at, c)| match at {
            8 | 13 | 18 | 23 => c == '-',
            _ => c.is_ascii_digit() || ('a'..='f').contains(&c),
        })
}

/// Returns the host of an https URL.
fn https_host(text: &str) -> Option<String> {
    let url = reqwest::Url::parse(text).ok().filter(|url| url.scheme() == "https")?;
    url.host_str().map(str::to_owned)
}

/// Returns true if a tag starts and ends in the text: `<p>`, `</p>`, `<br/>`.
fn has_tag(text: &str) -> bool {
    text.split('<').skip(1).any(|after| {
        let starts = after.starts_with('/') || after.starts_with(|c: char| c.is_ascii_alphabetic());
        starts && after.contains('>')
    })
}

fn is_emoji(c: char) -> bool {
    matches!(c, '\u{2600}'..='\u{27bf}' | '\u{fe0f}' | '\u{1f000}'..='\u{1faff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_format_has_texts_that_match_and_texts_that_do_not() {
        use Format::*;
        let table: [(Format, &[&str], &[&str]); 8] = [
            (Guid, &["11111111-2222-3333-4444-55555555abcd"], &["11111111-2222-3333-4444-55555555ABCD", "1-2-3-4-5"]),
            (Https, &["https://a.example/b", "HTTPS://a.example"], &["http://a.example", "a.example", "https://"]),
            (NoEmoji, &["Contoso \u{fc}ber (1)"], &["Contoso \u{1f680}", "\u{2764}\u{fe0f}"]),
            (OneLine, &["one"], &["one\ntwo"]),
            (PlainText, &["1 < 2", "a < b > c"], &["<p>x</p>", "a<br/>"]),
            (Slug, &["a-1_b"], &["A", "a b", "a.b"]),
            (Version, &["1.0.0", "10.20.30"], &["1.0", "1.0.0.0", "1.0.x", "1..0"]),
            (
                YoutubeOrVimeo,
                &["https://www.youtube.com/watch?v=1", "https://vimeo.com/1"],
                &["https://notvimeo.com/1"],
            ),
        ];
        for (format, good, bad) in table {
            assert!(good.iter().all(|text| format.matches(text)), "{format:?} {good:?}");
            assert!(bad.iter().all(|text| !format.matches(text)), "{format:?} {bad:?}");
        }
    }
}
