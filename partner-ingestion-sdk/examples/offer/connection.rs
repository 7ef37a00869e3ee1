//! The connection of a command: the real service, a running sandbox, or a sandbox in this process with a complete offer.

use crate::args::Target;
use crate::common::{Connection, Outcome, connect, loopback_client};
use partner_ingestion_sdk::{Client, OfferManifest};
use std::time::Duration;

/// The complete offer that a new sandbox has.
const SAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/offer-sample");
/// How often the sandbox is polled.
const POLL: Duration = Duration::from_millis(20);

/// Connects, and says where to.
pub(crate) async fn open(target: &Target) -> Outcome<Connection> {
    let running = target.sandbox.clone().or_else(|| local(std::env::var("PARTNER_INGESTION_URL").ok()?));
    let (connection, place) = match running {
        _ if target.live => (connect(true).await?, "the real service".to_owned()),
        Some(url) => (Connection { client: running_sandbox(&url)?, sandbox: None }, format!("the sandbox at {url}")),
        None => {
            let connection = connect(false).await?;
            seed(&connection.client).await?;
            (connection, "a new sandbox with the offer contoso-app".to_owned())
        }
    };
    eprintln!("Uses {place}.");
    Ok(connection)
}

/// The address in the environment, if it is that of a sandbox. Only addresses of this machine use http.
fn local(url: String) -> Option<String> {
    url.starts_with("http://").then_some(url)
}

/// Connects to a running sandbox with the variables that it printed.
fn running_sandbox(url: &str) -> Outcome<Client> {
    let account = ["AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET"];
    let mut values = Vec::new();
    for name in account {
        let value = std::env::var(name)
            .map_err(|_| format!("{name} is not set: set the variables that the sandbox printed when it started"))?;
        values.push(value);
    }
    // The same server issues the tokens.
    let end = url.find("://").and_then(|scheme| url[scheme + 3..].find('/').map(|path| scheme + 3 + path));
    let authority = &url[..end.unwrap_or(url.len())];
    let account: [String; 3] = values.try_into().map_err(|_| "incomplete account")?;
    loopback_client(url, authority, account)
        .map_err(|error| format!("{url} is not the address of a sandbox: {error}").into())
}

/// Creates the sample offer and publishes it.
async fn seed(client: &Client) -> Outcome<()> {
    let manifest = OfferManifest::load(SAMPLE).await?;
    let applied = client.apply_offer(&manifest).await?;
    if let Some(product) = applied.product {
        client.publish(&product).to_live().poll_interval(POLL, POLL).await?;
    }
    Ok(())
}
