//! Credentials against a scripted Entra ID, and certificates in every common format.

use super::*;
use crate::testing::{FakeEntra, ManualClock, Reply};
use crate::{TokenProvider, TokenSource};

const CLIENT: &str = "9b0e6f0a-8d57-4e1e-93f6-f2a7a8d8f0c1";

fn source(entra: &FakeEntra, credential: impl Into<Credential>) -> TokenSource {
    let builder = TokenSource::builder("contoso.com", CLIENT, credential).authority(entra.authority());
    builder.clock(&ManualClock::new()).build().unwrap()
}

fn assertion(entra: &FakeEntra) -> String {
    entra.requests().last().unwrap().field("client_assertion").unwrap().to_owned()
}

#[tokio::test]
async fn federated_token_file_is_read_for_every_request() {
    let folder = std::env::temp_dir().join(format!("partner-auth-{}", fastrand::u64(..)));
    std::fs::create_dir(&folder).unwrap();
    let path = folder.join("token");
    let entra = FakeEntra::start().unwrap();
    let source = source(&entra, FederatedTokenFile::new(&path));

    let error = source.token().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Credential);
    assert!(error.to_string().contains(&*path.to_string_lossy()), "{error}");
    // A change of the file clears the cached error.
    std::fs::write(&path, "first\r\n").unwrap();
    let token = source.token().await.unwrap();
    assert_eq!(assertion(&entra), "first");
    std::fs::write(&path, "second").unwrap();
    source.invalidate(&token);
    source.token().await.unwrap();
    assert_eq!(assertion(&entra), "second");
    assert_eq!(entra.requests().len(), 2);

    for (content, words) in
        [(&b""[..], "has no token"), (b" \n", "has no token"), (b"a\nb", "has no token"), (b"\xff", "cannot be read")]
    {
        std::fs::write(&path, content).unwrap();
        let source = self::source(&entra, FederatedTokenFile::new(&path));
        let error = source.token().await.unwrap_err();
        assert!(error.to_string().contains(words), "{error}");
    }
    std::fs::write(&path, "x".repeat(70_000)).unwrap();
    let error = self::source(&entra, FederatedTokenFile::new(&path)).token().await.unwrap_err();
    assert!(error.to_string().contains("has no token"), "{error}");
    std::fs::remove_dir_all(&folder).unwrap();
}

#[tokio::test]
async fn custom_assertion_source_is_called_for_every_attempt() {
    let entra = FakeEntra::start().unwrap();
    entra.script([Reply::status(503)]);
    let count = Arc::new(AtomicU64::new(0));
    let counted = count.clone();
    let credential = Credential::assertion_fn(move |_| {
        let n = counted.fetch_add(1, Ordering::SeqCst);
        async move {
            match n {
                0 => Err(Error::other(ErrorKind::Network, "vault did not respond", std::io::Error::other("x"))),
                n => Ok(Assertion::new(format!("signed {n}"))),
            }
        }
    });
    source(&entra, credential).token().await.unwrap();
    assert_eq!((count.load(Ordering::SeqCst), assertion(&entra).as_str()), (3, "signed 2"));

    let error =
        source(&entra, Credential::assertion_fn(|_| async { Ok(Assertion::new("")) })).token().await.unwrap_err();
    assert!(error.to_string().contains("assertion is empty"), "{error}");
}

/// The same fake serves the OIDC endpoints of the CI systems, because it responds to any path.
#[tokio::test]
async fn ci_systems_provide_assertions() {
    let (entra, service) = (FakeEntra::start().unwrap(), FakeEntra::start().unwrap());
    let url = format!("{}/oidc?api-version=2", service.url());
    let github = |name: &str| match name {
        "ACTIONS_ID_TOKEN_REQUEST_URL" => Some(url.clone().into()),
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN" => Some("request-token".to_owned().into()),
        _ => None,
    };
    service.script([Reply::body(200, r#"{"count":1,"value":"from github"}"#)]);
    source(&entra, GitHubActions::read(github).unwrap()).token().await.unwrap();
    assert_eq!(assertion(&entra), "from github");
    let request = service.requests().pop().unwrap();
    assert_eq!(request.path(), "/oidc?api-version=2&audience=api%3A%2F%2FAzureADTokenExchange");
    assert_eq!(request.header("authorization"), Some("Bearer request-token"));

    let pipelines = |name: &str| match name {
        "SYSTEM_OIDCREQUESTURI" => Some(url.replace("?api-version=2", "").into()),
        "SYSTEM_ACCESSTOKEN" => Some("request-token".to_owned().into()),
        "AZURESUBSCRIPTION_SERVICE_CONNECTION_ID" => Some("connection".to_owned().into()),
        _ => None,
    };
    service.script([Reply::body(200, r#"{"oidcToken":"from pipelines"}"#)]);
    let pipeline = AzurePipelines::read(pipelines).unwrap();
    source(&entra, pipeline.clone()).token().await.unwrap();
    assert_eq!(assertion(&entra), "from pipelines");
    let request = service.requests().pop().unwrap();
    assert_eq!(request.path(), "/oidc?api-version=7.1&serviceConnectionId=connection");
    assert_eq!(request.header("x-tfs-fedauthredirect"), Some("Suppress"));
    let other = pipeline.service_connection("other").unwrap();
    service.script([Reply::body(200, r#"{"oidcToken":"x"}"#)]);
    source(&entra, other).token().await.unwrap();
    assert!(service.requests().pop().unwrap().path().ends_with("serviceConnectionId=other"));

    // Failures are reported, and retried if they are transient.
    for (reply, kind) in [
        (Reply::body(401, "request-token"), ErrorKind::Credential),
        (Reply::status(302).header("Location", "/signin"), ErrorKind::Credential),
        (Reply::body(200, "<html>request-token"), ErrorKind::Protocol),
        (Reply::body(200, r#"{"value":""}"#), ErrorKind::Protocol),
        (Reply::status(500), ErrorKind::Transient),
    ] {
        service.default_reply(reply.clone());
        let before = service.requests().len();
        let error = source(&entra, GitHubActions::read(github).unwrap()).token().await.unwrap_err();
        assert_eq!(error.kind(), kind, "{reply:?}");
        assert!(error.to_string().contains("GitHub") && !format!("{error:?}").contains("request-token"), "{error}");
        let attempts = if error.is_retryable() { 3 } else { 1 };
        assert_eq!(service.requests().len() - before, attempts);
    }
    assert!(GitHubActions::read(|name| github(name).map(|value| value.replace("http:", "ftp:").into())).is_err());
}

#[cfg(feature = "certificate")]
mod certificates {
    use super::*;
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use serde_json::Value;

    /// Created for these tests with `openssl req -x509 -newkey rsa:2048 -nodes`. It gives access to nothing.
    const PEM: &str = include_str!("testdata/application.pem");
    const OTHER: &str = include_str!("testdata/other.pem");
    const PKCS1: &str = include_str!("testdata/pkcs1.pem");

    fn json(part: &str) -> Value {
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
    }

    /// Verifies a signature with another JWT library. `cargo xtask interop` and the golden signature of openssl check the algorithm.
    fn verified(token: &str, algorithm: jsonwebtoken::Algorithm) -> Value {
        use jsonwebtoken::{DecodingKey, Validation};
        use rustls_pki_types::{SubjectPublicKeyInfoDer, pem::PemObject};
        let key = SubjectPublicKeyInfoDer::from_pem_slice(include_bytes!("testdata/public.pem")).unwrap();
        let key = DecodingKey::from_rsa_der(&key);
        let mut validation = Validation::new(algorithm);
        validation.validate_aud = false;
        validation.validate_nbf = true;
        jsonwebtoken::decode::<Value>(token, &key, &validation).unwrap().claims
    }

    #[tokio::test]
    async fn another_implementation_verifies_both_algorithms() {
        let entra = FakeEntra::start().unwrap();
        for (algorithm, name, peer, thumbprint, member) in [
            (
                SigningAlgorithm::Ps256,
                "PS256",
                jsonwebtoken::Algorithm::PS256,
                include_str!("testdata/sha256.txt"),
                "x5t#S256",
            ),
            (
                SigningAlgorithm::Rs256,
                "RS256",
                jsonwebtoken::Algorithm::RS256,
                include_str!("testdata/sha1.txt"),
                "x5t",
            ),
        ] {
            let certificate = Certificate::from_pem(PEM).unwrap().algorithm(algorithm);
            source(&entra, certificate).token().await.unwrap();
            let token = assertion(&entra);
            let header = json(token.split('.').next().unwrap());
            assert_eq!(header["alg"], name);
            assert_eq!(header[member], thumbprint.trim(), "computed by openssl");
            assert_eq!(header.as_object().unwrap().len(), 3);
            let claims = verified(&token, peer);
            assert_eq!((claims["iss"].as_str(), claims["sub"].as_str()), (Some(CLIENT), Some(CLIENT)));
            assert_eq!(claims["aud"], format!("{}/contoso.com/oauth2/token", entra.url()));
            let life = claims["exp"].as_u64().unwrap() - claims["nbf"].as_u64().unwrap();
            assert!((300..=600).contains(&life));
            assert_eq!(claims["nbf"], claims["iat"]);
        }
    }

    #[tokio::test]
    async fn every_request_has_a_new_assertion() {
        let entra = FakeEntra::start().unwrap();
        entra.script([Reply::status(503), Reply::status(503)]);
        source(&entra, Certificate::from_pem(PEM).unwrap()).token().await.unwrap();
        let ids: std::collections::BTreeSet<String> = entra
            .requests()
            .iter()
            .map(|request| {
                json(request.field("client_assertion").unwrap().split('.').nth(1).unwrap())["jti"].to_string()
            })
            .collect();
        assert_eq!(ids.len(), 3);
    }

    /// RS256 is deterministic: `openssl dgst -sha256 -sign` creates the same signature.
    #[test]
    fn signature_matches_openssl() {
        let certificate = Certificate::from_pem(PEM).unwrap().algorithm(SigningAlgorithm::Rs256);
        let signature = URL_SAFE_NO_PAD.encode(certificate.signature(b"partner-auth").unwrap());
        assert_eq!(signature, include_str!("testdata/golden.txt").trim());
    }

    #[test]
    fn parses_pem_in_every_form() {
        let (certificate, key) = PEM.split_at(PEM.find("-----BEGIN PRIVATE KEY").unwrap());
        let other = &OTHER[..OTHER.find("-----BEGIN PRIVATE KEY").unwrap()];
        for good in [
            PEM.to_owned(),
            format!("{key}{certificate}"),
            format!("Bag Attributes\n  localKeyID: 01\n{PEM}"),
            PEM.replace('\n', "\r\n"),
            format!("{certificate}{PKCS1}"),
            // A chain that does not start with the leaf.
            format!("{other}{PEM}"),
        ] {
            let found = Certificate::from_pem(&good).unwrap_or_else(|error| panic!("{error}: {good}"));
            assert_eq!(format!("{found:?}"), "Certificate { algorithm: Ps256, .. }");
        }
    }

    #[test]
    fn unsupported_formats_name_the_conversion() {
        let (certificate, key) = PEM.split_at(PEM.find("-----BEGIN PRIVATE KEY").unwrap());
        let other = &OTHER[..OTHER.find("-----BEGIN PRIVATE KEY").unwrap()];
        let table: [(Vec<u8>, &str); 14] = [
            (include_bytes!("testdata/application.pfx").to_vec(), "openssl pkcs12"),
            (b"\x30\x82\x01\x02".to_vec(), "openssl pkcs12"),
            (include_bytes!("testdata/encrypted.pem").to_vec(), "openssl pkey"),
            (format!("{certificate}-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n").into(), "openssl pkey"),
            (format!("{certificate}-----BEGIN OPENSSH PRIVATE KEY-----\n").into(), "ssh-keygen"),
            (b"-----BEGIN PKCS7-----\n".to_vec(), "openssl pkcs7"),
            (certificate.into(), "no private key"),
            (key.into(), "no certificate"),
            (format!("{other}{key}").into(), "does not match the certificate"),
            (include_bytes!("testdata/curve.pem").to_vec(), "not an RSA key"),
            (include_bytes!("testdata/small.pem").to_vec(), "2048 to 4096"),
            (PEM.replace("-----END CERTIFICATE-----", "").into(), "damaged"),
            (b"".to_vec(), "not PEM text"),
            (b"hello".to_vec(), "not PEM text"),
        ];
        for (bytes, words) in table {
            let error = Certificate::from_pem(&bytes).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Config);
            assert!(error.to_string().contains(words), "{words}: {error}");
        }
        let error = Certificate::from_file("/nowhere/application.pem").unwrap_err();
        assert!(error.to_string().contains("/nowhere/application.pem"), "{error}");
    }
}
