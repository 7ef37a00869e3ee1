//! Extreme values of every public function that takes one: nothing panics. The functions are read from the sources, so that a new
//! one without a row fails a test.

mod choices;
mod numbers;
mod texts;

use futures_util::future::BoxFuture;
use futures_util::{FutureExt, StreamExt, stream};
use partner_tests::public_api::{CRATES, parse, read, rows};
use std::collections::BTreeSet;
use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

/// A public function, and how it is called with a value.
struct Row<X> {
    function: &'static str,
    call: Arc<dyn Fn(X) -> BoxFuture<'static, ()> + Send + Sync>,
}

fn row<X, F>(function: &'static str, call: impl Fn(X) -> F + Send + Sync + 'static) -> Row<X>
where
    F: Future<Output = ()> + Send + 'static,
{
    Row { function, call: Arc::new(move |value| call(value).boxed()) }
}

/// A call with the largest duration does not end. It is cut off after this time.
const LIMIT: Duration = Duration::from_millis(500);
const AT_ONCE: usize = 16;

/// Calls every function with every value. Returns those that panicked.
async fn run<X: Clone + Debug + Send + 'static>(rows: impl IntoIterator<Item = Row<X>>, values: &[X]) -> Vec<String> {
    let calls: Vec<_> =
        rows.into_iter().flat_map(|row| values.iter().map(move |x| (row.function, row.call.clone(), x))).collect();
    let outcomes = stream::iter(calls).map(|(function, call, value)| async move {
        let value = value.clone();
        let name = format!("{function} with {value:?}");
        // Dropped within the task: dropping a sandbox reports a panic of its tasks.
        let task = tokio::spawn(async move { drop(tokio::time::timeout(LIMIT, call(value)).await) });
        task.await.err().map(|_| name)
    });
    outcomes.buffer_unordered(AT_ONCE).filter_map(std::future::ready).collect().await
}

/// Types of parameters that are durations, times or numbers.
const NUMERIC: [&str; 9] = ["Duration", "Instant", "SystemTime", "f64", "u16", "u32", "u64", "usize", "i64"];

fn is_numeric(parameters: &[String]) -> bool {
    let words = |ty: &String| ty.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| NUMERIC.contains(&word));
    parameters.iter().any(words)
}

#[test]
fn functions_are_found_in_every_form() {
    let items = syn::parse_file(
        "pub use hidden::{Planted, Other as Renamed};
         pub struct Planted;
         pub struct Private;
         impl Planted { pub fn new(count: u32) -> Self { Self } fn hidden(count: u32) {} }
         impl std::str::FromStr for Planted { fn from_str(text: &str) -> Result<Self, ()> { Ok(Self) } }
         impl Private { pub fn new(count: u32) {} }
         mod inner { pub fn free(of: std::time::Duration) {} }
         #[cfg(test)] mod tests { pub fn tested(of: u64) {} }
         macro_rules! options { () => { pub fn wait(mut self, wait: std::time::Duration) -> Self { self } }; }",
    );
    let api = parse([items.unwrap().items.as_slice()].into_iter());
    assert_eq!(api.types.into_iter().collect::<Vec<_>>(), ["Planted"]);
    let functions: Vec<_> = api.functions.iter().map(|(name, types)| (name.as_str(), is_numeric(types))).collect();
    let expected = [("Planted::FromStr", false), ("Planted::new", true), ("free", true), ("options!::wait", true)];
    assert_eq!(functions, expected);
}

/// Returns the functions of a crate that the condition holds for.
fn functions(folder: &str, condition: impl Fn(&[String]) -> bool) -> BTreeSet<String> {
    let found = read(folder).functions.into_iter().filter(|(_, parameters)| condition(parameters));
    found.map(|(function, _)| function).collect()
}

#[test]
fn every_function_with_a_duration_or_number_has_a_row() {
    let mut tested = vec![rows(&["partner-auth/src/extremes/numbers.rs"])];
    let others = numbers::rows();
    tested.extend(others.iter().map(|rows| rows.iter().map(|row| row.function.to_owned()).collect()));
    for ((name, folder), tested) in CRATES.into_iter().zip(tested) {
        assert_eq!(functions(folder, is_numeric), tested, "{name}");
        assert!(tested.len() > 10, "{name}");
    }
}

/// Functions whose parameters have no extreme values.
const WITHOUT: [(&str, &str); 41] = [
    ("Certificate::algorithm", "an enum"),
    ("Credential::From<AzurePipelines>", "a conversion"),
    ("Credential::From<Certificate>", "a conversion"),
    ("Credential::From<FederatedTokenFile>", "a conversion"),
    ("Credential::From<GitHubActions>", "a conversion"),
    ("Credential::assertion", "a trait"),
    ("Error::ptr_eq", "a comparison"),
    ("Reply::wait_for_gate", "true or false"),
    ("TokenSource::authorize", "a request"),
    ("TokenSource::from_azure", "a credential of another crate"),
    ("TokenSourceBuilder::authority", "a checked address"),
    ("TokenSourceBuilder::clock", "a clock"),
    ("TokenSourceBuilder::configure_http", "a function"),
    ("TokenSourceBuilder::endpoint", "an enum"),
    ("TokenSourceBuilder::refresh_policy", "a policy, whose functions have rows"),
    ("Apply::on_step", "a function"),
    ("Apply::publish", "a function"),
    ("ApplyOffers::configure", "a function"),
    ("Client::apply_offers", "manifests"),
    ("LoadedOffer::From<OfferManifest>", "a manifest"),
    ("ApplyOffers::on_offer", "a function"),
    ("Export::on_file", "a function"),
    ("Publish::on_event", "a function"),
    ("BlobUpload::on_progress", "a function"),
    ("ClientBuilder::before_send", "a function"),
    ("ClientBuilder::configure_http", "a function"),
    ("ClientBuilder::observe", "a function"),
    ("ClientBuilder::rate_limit_store", "a trait"),
    ("ClientBuilder::token_provider", "a trait"),
    ("Draft::modify", "a function"),
    ("Draft::try_modify", "a function"),
    ("FileUpload::map_resource", "a function"),
    ("FileUpload::on_progress", "a function"),
    ("Publish::on_stage", "a function"),
    ("Response::map", "a function"),
    ("SandboxBuilder::allow_remote", "true or false"),
    ("SandboxBuilder::page", "true or false"),
    ("SandboxBuilder::record", "a path, see the tests of recordings"),
    ("SandboxBuilder::state_file", "a path, see the tests of the state file"),
    ("SandboxBuilder::on_call", "a function"),
    ("SandboxBuilder::on_exchange", "a function"),
];

#[test]
fn every_function_with_a_text_has_a_row_or_a_reason() {
    let files = ["partner-auth/src/extremes/texts.rs", "partner-auth/src/extremes/numbers.rs"];
    let mut tested = vec![rows(&files)];
    let rows = texts::rows().into_iter().zip(numbers::rows()).zip(choices::rows());
    for ((texts, numbers), choices) in rows {
        let texts = texts.iter().map(|row| row.function);
        let numbers = numbers.iter().map(|row| row.function);
        let all = texts.chain(numbers).chain(choices.iter().map(|row| row.function));
        tested.push(all.map(str::to_owned).collect());
    }
    let (mut public, mut with_row) = (BTreeSet::new(), BTreeSet::new());
    for ((name, folder), tested) in CRATES.into_iter().zip(tested) {
        let functions = functions(folder, |parameters| !parameters.is_empty());
        let known = WITHOUT.iter().map(|(function, _)| (*function).to_owned()).chain(tested.iter().cloned());
        let missing: Vec<_> = functions.difference(&known.collect()).cloned().collect();
        assert_eq!(missing, Vec::<String>::new(), "{name}: add a row, or a reason to WITHOUT");
        public.extend(functions);
        with_row.extend(tested);
    }
    let is_needed = |function: &str| public.contains(function) && !with_row.contains(function);
    let unneeded: Vec<_> = WITHOUT.iter().filter(|(function, _)| !is_needed(function)).collect();
    assert!(unneeded.is_empty(), "no reason is needed: {unneeded:?}");
}
