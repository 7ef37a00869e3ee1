//! Compares the table of the page `errors` with the errors that the SDK returns.
//!
//! `UPDATE_PAGES=1 cargo test -p partner-tests --test all error_table` writes the page after a change.

mod environment;
mod network;
mod responses;
mod workflows;

use partner_ingestion_sdk::Error;
use std::fmt::Write;

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../partner-ingestion-sdk/src/docs/errors.md");
const HEADING: &str = "| situation | message | hint |\n| --- | --- | --- |\n";

/// One error as users see it.
struct Row {
    situation: &'static str,
    message: String,
    hint: String,
}

/// Checks what every error has in common. The message gets the address of the service instead of the mock server's.
fn row(situation: &'static str, error: Error) -> Row {
    row_at(situation, "api.partner.microsoft.com:443", error)
}

fn row_at(situation: &'static str, host: &str, error: Error) -> Row {
    let (message, hint) = (error.to_string(), error.hint().unwrap_or_default());
    assert_eq!(message.lines().count(), 1, "{situation}: {message}");
    assert!(hint.lines().count() == 1 && hint.ends_with('.'), "{situation}: {hint}");
    assert!(!message.contains(hint), "{situation}: {message}");
    let debug = format!("{error:?}");
    assert!(debug.starts_with(&format!("{message}\n{hint}")), "{situation}: {debug}");
    assert!(debug.lines().count() <= 3, "{situation}: {debug}");
    let fields = format!("{error:#?}");
    assert!(fields.contains("kind: ") && fields.lines().count() > 10, "{situation}: {fields}");
    // The text of the operating system.
    let missing_file = std::fs::metadata("missing/app.zip").unwrap_err().to_string();
    let message = with_host(&message, host).replace(&missing_file, "No such file or directory (os error 2)");
    Row { situation, message, hint: hint.to_owned() }
}

/// A hint as a cell of a table: addresses as code, so that they are no links.
fn cell(hint: &str) -> String {
    let words = hint.replace('|', "\\|");
    let words = words.split(' ').map(|word| match word.starts_with("http") {
        true => {
            let address = word.trim_end_matches(['.', ',']);
            format!("`{address}`{}", &word[address.len()..])
        }
        false => word.to_owned(),
    });
    words.collect::<Vec<_>>().join(" ")
}

/// Replaces the addresses of the test's servers.
fn with_host(text: &str, host: &str) -> String {
    let mut parts = text.split("127.0.0.1:");
    let mut shown = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let rest = part.trim_start_matches(|c: char| c.is_ascii_digit());
        shown += host;
        shown += rest;
    }
    shown
}

fn of_environment(situation: &'static str, variables: &[(&str, &str)]) -> Row {
    let (message, hint) = environment::error_with(variables);
    Row { situation, message, hint }
}

fn environments() -> Vec<Row> {
    let complete_but = environment::complete_but;
    vec![
        of_environment("`from_env` without any variable", &[]),
        of_environment("`from_env` without a credential", &environment::COMPLETE[..2]),
        of_environment("`from_env` with an invalid tenant", &complete_but("AZURE_TENANT_ID", "contoso/example")),
        of_environment("`from_env` with a client id that is not a GUID", &complete_but("AZURE_CLIENT_ID", "my-app")),
        of_environment(
            "`from_env` with an unknown sign-in host",
            &complete_but("AZURE_AUTHORITY_HOST", "https://login.example.com"),
        ),
        of_environment(
            "`from_env` with a base URL without scheme",
            &complete_but("PARTNER_INGESTION_URL", "api.partner.microsoft.com"),
        ),
        of_environment(
            "`from_env` with a base URL that is not encrypted",
            &complete_but("PARTNER_INGESTION_URL", "http://sandbox.example/v1.0/ingestion"),
        ),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_page_of_errors_shows_what_users_see() {
    let (network, responses, workflows) = tokio::join!(network::rows(), responses::rows(), Box::pin(workflows::rows()));
    let rows: Vec<Row> = [environments(), network, responses, workflows].into_iter().flatten().collect();
    assert!(rows.len() >= 40, "{} rows", rows.len());
    let mut table = HEADING.to_owned();
    for Row { situation, message, hint } in &rows {
        assert!(!message.contains(['|', '`']), "{message}");
        writeln!(table, "| {situation} | `{message}` | {} |", cell(hint)).unwrap();
    }
    let page = std::fs::read_to_string(PAGE).unwrap();
    let intro = page.split(HEADING).next().unwrap();
    let expected = format!("{intro}{table}");
    if std::env::var_os("UPDATE_PAGES").is_some() {
        std::fs::write(PAGE, &expected).unwrap();
        return;
    }
    let differs: Vec<String> = expected
        .lines()
        .filter(|line| !page.lines().any(|found| found == *line))
        .map(|line| format!("is printed: {line}"))
        .chain(
            page.lines()
                .filter(|line| !expected.lines().any(|e| e == *line))
                .map(|line| format!("in the page: {line}")),
        )
        .collect();
    assert!(
        page == expected,
        "{PAGE} differs from what is printed; run it again with UPDATE_PAGES=1:\n{}",
        differs.join("\n")
    );
}
