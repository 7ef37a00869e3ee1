//! Compares the two crypto libraries that rustls can use, aws-lc-rs and ring: a client assertion's signature, and a TLS 1.3 handshake
//! with each library's default key exchange. ARCHITECTURE.md has the decision that is based on these figures.

use partner_bench::{contender, measure, print};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs, ring};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime, pem::PemObject};
use rustls::{
    ClientConfig, ClientConnection, ConnectionCommon, DigitallySignedStruct, Error, ServerConfig, ServerConnection,
    SideData, SignatureScheme,
};
use std::sync::Arc;

/// A test key of partner-auth: RSA, 2048 bits.
const PEM: &[u8] = include_bytes!("../../../../partner-auth/src/credential/testdata/application.pem");

/// Checks the signature of the handshake and accepts every certificate, because names are irrelevant here.
#[derive(Debug)]
struct AnyCertificate(Arc<CryptoProvider>);

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        rustls::crypto::verify_tls12_signature(message, cert, signed, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        rustls::crypto::verify_tls13_signature(message, cert, signed, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

fn key() -> PrivateKeyDer<'static> {
    PrivateKeyDer::from_pem_slice(PEM).expect("the key is valid")
}

fn configs(provider: &Arc<CryptoProvider>) -> (Arc<ClientConfig>, Arc<ServerConfig>) {
    let builder = ClientConfig::builder_with_provider(provider.clone()).with_safe_default_protocol_versions();
    let verifier = Arc::new(AnyCertificate(provider.clone()));
    let mut client = builder
        .expect("the provider has TLS 1.3")
        .dangerous()
        .with_custom_certificate_verifier(verifier)
        .with_no_client_auth();
    client.resumption = rustls::client::Resumption::disabled();
    let certificate = CertificateDer::from_pem_slice(PEM).expect("the certificate is valid");
    let builder = ServerConfig::builder_with_provider(provider.clone()).with_safe_default_protocol_versions();
    let server = builder.expect("the provider has TLS 1.3").with_no_client_auth();
    let server = server.with_single_cert(vec![certificate], key()).expect("the key matches the certificate");
    (Arc::new(client), Arc::new(server))
}

fn handshake(client: &Arc<ClientConfig>, server: &Arc<ServerConfig>) {
    let name = ServerName::try_from("localhost").expect("a valid name");
    let mut client = ClientConnection::new(client.clone(), name).expect("a valid configuration");
    let mut server = ServerConnection::new(server.clone()).expect("a valid configuration");
    while client.is_handshaking() || server.is_handshaking() {
        transfer(&mut client, &mut server);
        transfer(&mut server, &mut client);
    }
}

/// Transfers pending data from one side to the other.
fn transfer<A: SideData, B: SideData>(from: &mut ConnectionCommon<A>, to: &mut ConnectionCommon<B>) {
    let mut wire = Vec::new();
    while from.wants_write() {
        from.write_tls(&mut wire).expect("written to memory");
    }
    let mut sent = wire.as_slice();
    while !sent.is_empty() {
        to.read_tls(&mut sent).expect("read from memory");
        to.process_new_packets().expect("a valid handshake");
    }
}

fn main() {
    let providers = [("aws-lc-rs", aws_lc_rs::default_provider()), ("ring", ring::default_provider())];
    let providers = providers.map(|(name, provider)| (name, Arc::new(provider)));
    let sign = providers.each_ref().map(|(name, provider)| {
        let key = provider.key_provider.load_private_key(key()).expect("an RSA key");
        let signer = key.choose_scheme(&[SignatureScheme::RSA_PSS_SHA256]).expect("RSA signs with PSS");
        contender(name, move || signer.sign(b"header.claims").expect("signed"))
    });
    print("PS256 signature of a client assertion, RSA 2048", &measure(&sign), "aws-lc-rs");
    let shake = providers.each_ref().map(|(name, provider)| {
        let (client, server) = configs(provider);
        contender(name, move || handshake(&client, &server))
    });
    print("TLS 1.3 handshake, both sides, RSA 2048", &measure(&shake), "aws-lc-rs");
}
