//! Checks documentation, messages, comments, pages and overlays for unclear phrases, and suggests a replacement for each.

#![allow(missing_docs, clippy::unwrap_used, reason = "tests")]

use std::path::{Path, PathBuf};

/// A phrase in lower case and its replacement. A star at the end matches any ending.
const AVOID: [(&str, &str); 53] = [
    ("a moment later", "name the time, or \"later\""),
    ("against the contract", "\"violates the document\""),
    ("answered by", "\"returned by\""),
    ("as it came", "\"unchanged\""),
    ("as people know", "\"by offer id\", \"by plan id\""),
    ("as they came", "\"unchanged\""),
    ("breaks off", "\"is interrupted\""),
    ("carried out", "\"processed\""),
    ("edition of the document", "\"version of the document\""),
    ("for ever", "\"always\", \"repeatedly\""),
    ("given back", "\"released\""),
    ("goes in circles", "\"is circular\""),
    ("goes on", "\"continues\""),
    ("grave", "\"severe\""),
    ("gravest", "\"most severe\""),
    ("held against", "\"compared with\", \"validated against\""),
    ("in circles", "\"circular\""),
    ("in silence", "\"silently\""),
    ("in the end", "\"at the end\", \"finally\""),
    ("is gone", "\"was removed\", \"was deleted\", \"is not found\""),
    ("lead on", "\"continue\""),
    ("leads on", "\"continues\""),
    ("leans on", "\"uses\", \"depends on\""),
    ("nobody", "name who"),
    ("of its own", "\"its own …\", \"a separate …\""),
    ("of their own", "\"their own …\", \"separate …\""),
    ("of tomorrow", "\"future\", \"unknown\""),
    ("on the way", "\"in progress\", \"during the call\""),
    ("one that is there", "\"an existing …\""),
    ("patience", "\"wait\", \"timeout\""),
    ("perhaps", "\"optionally\", \"may\""),
    ("refusal*", "\"error\", \"error response\", \"rejection\""),
    ("respel*", "\"renamed\", \"changed case\""),
    ("side by side", "\"in parallel\""),
    ("so many calls", "\"this many calls\""),
    ("so many looks", "\"polls\", \"attempts\""),
    ("so many times", "\"attempts\", \"repetitions\""),
    ("somebody", "name who"),
    ("spoil*", "\"invalid\", \"modified\""),
    ("stands for", "\"means\", \"replaces\""),
    ("stands in", "\"is in\""),
    ("stands there", "\"is there\""),
    ("stands twice", "\"is duplicated\""),
    ("taken up", "\"resumed\""),
    ("takes the place", "\"replaces\""),
    ("tells apart", "\"distinguishes\""),
    ("that is there", "\"existing\""),
    ("to be had", "\"could be obtained\""),
    ("told apart", "\"distinguished by\", \"selected by\""),
    ("under way", "\"in progress\""),
    ("what is there", "\"the existing …\""),
    ("what it is per", "\"the unit that … applies to\""),
    ("whoever", "name who"),
];

/// Returns the avoided phrases in a text with their replacements. Ignores names in backticks.
fn findings(text: &str) -> Vec<(&'static str, &'static str)> {
    let text: Vec<&str> = text.split('`').step_by(2).collect();
    let words: Vec<String> = text
        .join(" ")
        .split(|c: char| !c.is_alphanumeric() && c != '\'')
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect();
    AVOID.into_iter().filter(|(phrase, _)| contains(&words, phrase)).collect()
}

fn contains(words: &[String], phrase: &str) -> bool {
    let phrase: Vec<&str> = phrase.split(' ').collect();
    words.windows(phrase.len()).any(|window| {
        window.iter().zip(&phrase).all(|(word, wanted)| match wanted.strip_suffix('*') {
            Some(start) => word.starts_with(start),
            None => word == wanted,
        })
    })
}

/// Returns the prose of a line: comments and string literals in Rust, everything in other files.
fn prose(line: &str, is_rust: bool) -> String {
    if !is_rust {
        return line.to_owned();
    }
    let mut text = String::new();
    let (mut in_string, mut escaped) = (false, false);
    for (at, c) in line.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if in_string => escaped = true,
            '"' => {
                in_string = !in_string;
                text.push(' ');
            }
            '/' if !in_string && line[at..].starts_with("//") => {
                text.push_str(&line[at..]);
                break;
            }
            _ if in_string => text.push(c),
            _ => {}
        }
    }
    text
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// Collects the files with prose, except generated files and build output.
fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            if !["target", ".git", "node_modules", "generated", "corpus", "testdata"].contains(&name.as_str()) {
                files(&path, found);
            }
        } else if path.extension().is_some_and(|kind| ["md", "rs", "toml", "yaml", "yml"].iter().any(|k| kind == *k))
            && name != "prose.rs"
        {
            found.push(path);
        }
    }
}

#[test]
fn texts_use_plain_words() {
    let root = root();
    let mut paths = Vec::new();
    files(&root, &mut paths);
    assert!(paths.len() > 200, "{} files", paths.len());
    let mut found = Vec::new();
    for path in paths {
        let text = std::fs::read_to_string(&path).unwrap();
        let is_rust = path.extension().is_some_and(|kind| kind == "rs");
        for (number, line) in text.lines().enumerate() {
            for (phrase, instead) in findings(&prose(line, is_rust)) {
                let file = path.strip_prefix(&root).unwrap().display();
                found.push(format!("{file}:{}: \"{phrase}\"; write {instead}", number + 1));
            }
        }
    }
    assert!(found.is_empty(), "{} lines:\n{}", found.len(), found.join("\n"));
}

#[test]
fn detects_planted_phrases() {
    assert_eq!(findings("The rest is held against the document of tomorrow.").len(), 2);
    assert_eq!(
        findings("two refusals, spoilt"),
        [("refusal*", "\"error\", \"error response\", \"rejection\""), ("spoil*", "\"invalid\", \"modified\"")]
    );
    assert_eq!(findings("No token is to be had.").len(), 1);
    assert_eq!(findings("a respelt value, and Nobody saw it").len(), 2);
    assert!(findings("a token could be obtained; graveyard; `patience` is now `branch_wait`").is_empty());
    assert_eq!(findings(&prose("let nobody = 1; // somebody's", true)), []);
    assert_eq!(findings(&prose("let x = 1; // nobody", true)).len(), 1);
    assert_eq!(findings(&prose("call(\"it goes on // here\")", true)).len(), 1);
    assert!(findings(&prose("let nobody = goes(on);", true)).is_empty());
}
