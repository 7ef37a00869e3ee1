// For the examples of the documentation: a client of a sandbox, which is returned too because it stops when it is dropped.
async fn sandbox() -> Result<(partner_ingestion_sdk::Client, partner_sandbox::Sandbox), Box<dyn std::error::Error>> {
    use partner_ingestion_sdk::partner_auth::{Authority, TokenSource};
    let sandbox = partner_sandbox::Sandbox::builder().processing_delay(std::time::Duration::ZERO).start().await?;
    let tokens = TokenSource::builder(sandbox.tenant(), sandbox.client_id(), sandbox.client_secret());
    let tokens = tokens.authority(Authority::loopback(&sandbox.authority())?).build()?;
    let client = partner_ingestion_sdk::Client::builder().base_url(sandbox.url()).token_provider(tokens).build()?;
    Ok((client, sandbox))
}
