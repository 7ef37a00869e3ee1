//! Token requests to an independent OAuth server. `cargo xtask interop` starts the server and runs this test.

use crate::{Authority, Certificate, Credential, Endpoint, ErrorKind, SigningAlgorithm, TokenProvider, TokenSource};
use std::time::Duration;

const PEM: &str = include_str!("credential/testdata/application.pem");

fn source(origin: &str, endpoint: Endpoint, client: u8, credential: Credential) -> TokenSource {
    let id = format!("00000000-0000-0000-0000-00000000000{client}");
    let builder = TokenSource::builder("contoso.com", id, credential).endpoint(endpoint);
    builder.authority(Authority::loopback(origin).unwrap()).build().unwrap()
}

#[tokio::test]
#[ignore = "needs the server that `cargo xtask interop` starts"]
async fn gets_tokens_from_an_independent_server() {
    let servers = std::env::var("PARTNER_INTEROP").expect("set by `cargo xtask interop`");
    let servers: serde_json::Value = serde_json::from_str(&servers).unwrap();
    for (endpoint, name) in [(Endpoint::V1, "v1"), (Endpoint::V2, "v2")] {
        let origin = servers[name].as_str().unwrap();
        let certificate = || Certificate::from_pem(PEM).unwrap();
        for (client, credential) in [
            (1, Credential::secret("s%e&c+r~e=t")),
            (2, certificate().into()),
            (3, certificate().algorithm(SigningAlgorithm::Rs256).into()),
        ] {
            let source = source(origin, endpoint, client, credential);
            let first = source.token().await.unwrap_or_else(|error| panic!("client {client} at {name}: {error:?}"));
            let left = source.status().expires_in.unwrap();
            assert!(left <= Duration::from_secs(1234) && left > Duration::from_secs(1200), "{left:?}");
            source.invalidate(&first);
            assert_ne!(source.token().await.unwrap(), first);
        }
        // Error responses without Entra ID's extensions.
        for (client, credential) in
            [(1, Credential::secret("wrong")), (2, certificate().algorithm(SigningAlgorithm::Rs256).into())]
        {
            let error = source(origin, endpoint, client, credential).token().await.unwrap_err();
            assert_eq!(
                (error.kind(), error.oauth_error(), error.status()),
                (ErrorKind::Credential, Some("invalid_client"), Some(http::StatusCode::UNAUTHORIZED))
            );
        }
    }
}
