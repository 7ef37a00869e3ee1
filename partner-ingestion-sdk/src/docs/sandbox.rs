// For the examples of the documentation.

/// A client of a new sandbox, which stops when it is dropped.
async fn sandbox() -> Result<(partner_ingestion_sdk::Client, partner_sandbox::Sandbox), Box<dyn std::error::Error>> {
    let sandbox = partner_sandbox::Sandbox::builder().processing_delay(std::time::Duration::ZERO).start().await?;
    Ok((client_of(&sandbox)?, sandbox))
}

fn client_of(sandbox: &partner_sandbox::Sandbox) -> Result<partner_ingestion_sdk::Client, Box<dyn std::error::Error>> {
    use partner_ingestion_sdk::partner_auth::{Authority, TokenSource};
    let tokens = TokenSource::builder(sandbox.tenant(), sandbox.client_id(), sandbox.client_secret());
    let tokens = tokens.authority(Authority::loopback(&sandbox.authority())?).build()?;
    Ok(partner_ingestion_sdk::Client::builder().base_url(sandbox.url()).token_provider(tokens).build()?)
}
