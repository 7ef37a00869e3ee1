//! A certificate with its key: assertions that the application signs itself
//! (learn.microsoft.com/entra/identity-platform/certificate-credentials, read in 2026).

use super::{Assertion, AssertionRequest, AssertionSource, Credential};
use crate::{BoxFuture, Error, ErrorKind};
use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{KeyPair, RSA_PKCS1_SHA256, RSA_PSS_SHA256, RsaEncoding, RsaKeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rustls_pki_types::pem::{PemObject, SectionKind};
use serde_json::json;
use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use zeroize::Zeroizing;

/// How assertions are signed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SigningAlgorithm {
    /// PS256, with the certificate's SHA-256 thumbprint: what Microsoft recommends.
    #[default]
    Ps256,
    /// RS256, with the SHA-1 thumbprint, for authorities that know nothing newer.
    Rs256,
}

/// A certificate with its RSA key, both as PEM. The key is never printed and is wiped from memory when it is dropped.
///
/// Upload the certificate, without the key, to the application (App registrations > Certificates & secrets).
///
/// ```no_run
/// use partner_auth::{Certificate, TokenSource};
///
/// let certificate = Certificate::from_file("application.pem")?;
/// let source = TokenSource::builder("contoso.com", "9b0e6f0a-8d57-4e1e-93f6-f2a7a8d8f0c1", certificate).build()?;
/// # Ok::<(), partner_auth::Error>(())
/// ```
#[derive(Clone)]
pub struct Certificate {
    key: Arc<RsaKeyPair>,
    der: Arc<[u8]>,
    algorithm: SigningAlgorithm,
}

/// Entra ID takes assertions of at most this life; a fresh one is made for every request.
const LIFETIME: Duration = Duration::from_secs(10 * 60);
const SMALLEST_KEY: usize = 2048 / 8;
const LARGEST_KEY: usize = 4096 / 8;

impl Certificate {
    /// Reads certificate and key, in any order, from one PEM text. Of several certificates the one that belongs to the key
    /// is used.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`] when the text is no PEM (the error says how to convert other formats), the key is encrypted, is
    /// not RSA of 2048 to 4096 bits, or belongs to none of the certificates.
    pub fn from_pem(pem: impl AsRef<[u8]>) -> Result<Self, Error> {
        let pem = pem.as_ref();
        refuse_other_formats(pem)?;
        let (mut key, mut certificates) = (None, Vec::new());
        for section in <(SectionKind, Vec<u8>)>::pem_slice_iter(pem) {
            let (kind, der) =
                section.map_err(|_| config("the PEM text is damaged: a section does not end or is not base64"))?;
            match kind {
                SectionKind::Certificate => certificates.push(der),
                SectionKind::PrivateKey => key = Some(RsaKeyPair::from_pkcs8(&Zeroizing::new(der))),
                SectionKind::RsaPrivateKey => key = Some(RsaKeyPair::from_der(&Zeroizing::new(der))),
                SectionKind::EcPrivateKey => {
                    return Err(config("the key is an elliptic curve key; Entra ID takes RSA keys"));
                }
                _ => {}
            }
        }
        let key = key.ok_or_else(|| config("the PEM text holds no private key; append the key to the certificate"))?;
        let key = key.map_err(|_| config("the private key is no RSA key of 2048 to 4096 bits"))?;
        if !(SMALLEST_KEY..=LARGEST_KEY).contains(&key.public_modulus_len()) {
            return Err(config("the private key is no RSA key of 2048 to 4096 bits"));
        }
        if certificates.is_empty() {
            return Err(config("the PEM text holds no certificate; prepend the certificate to the key"));
        }
        // The public key stands in a certificate as it is (RFC 5280 section 4.1.2.7, RFC 3279 section 2.3.1).
        let public = key.public_key().as_ref();
        let mut certificates = certificates.into_iter();
        let der = certificates.find(|der| der.windows(public.len()).any(|part| part == public));
        let der = der.ok_or_else(|| config("the private key belongs to another certificate"))?;
        Ok(Self { key: Arc::new(key), der: der.into(), algorithm: SigningAlgorithm::default() })
    }

    /// As [`from_pem`](Self::from_pem), from a file.
    ///
    /// # Errors
    ///
    /// Also [`ErrorKind::Config`] when the file cannot be read.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self, Error> {
        let path = path.as_ref();
        let named = |what: &str| format!("the certificate {}: {what}", path.display());
        let pem =
            std::fs::read(path).map_err(|error| Error::other(ErrorKind::Config, named("cannot be read"), error))?;
        Self::from_pem(Zeroizing::new(pem)).map_err(|error| config(&named(error.message())))
    }

    /// Signs with another algorithm than PS256.
    #[must_use]
    pub fn algorithm(mut self, algorithm: SigningAlgorithm) -> Self {
        self.algorithm = algorithm;
        self
    }

    pub(super) fn signature(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        let encoding: &dyn RsaEncoding = match self.algorithm {
            SigningAlgorithm::Ps256 => &RSA_PSS_SHA256,
            SigningAlgorithm::Rs256 => &RSA_PKCS1_SHA256,
        };
        let mut signature = vec![0; self.key.public_modulus_len()];
        let signed = self.key.sign(encoding, &SystemRandom::new(), message, &mut signature);
        signed.map_err(|_| Error::new(ErrorKind::Credential, "the key cannot sign"))?;
        Ok(signature)
    }

    fn sign(&self, request: &AssertionRequest) -> Result<Assertion, Error> {
        let header = match self.algorithm {
            SigningAlgorithm::Ps256 => {
                json!({"alg": "PS256", "typ": "JWT", "x5t#S256": URL_SAFE_NO_PAD.encode(digest(&SHA256, &self.der))})
            }
            SigningAlgorithm::Rs256 => {
                let thumbprint = digest(&SHA1_FOR_LEGACY_USE_ONLY, &self.der);
                json!({"alg": "RS256", "typ": "JWT", "x5t": URL_SAFE_NO_PAD.encode(thumbprint)})
            }
        };
        let now = request.now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
        let claims = json!({
            "aud": request.token_endpoint(), "iss": request.client_id(), "sub": request.client_id(),
            "jti": uuid::Uuid::new_v4().to_string(), "iat": now, "nbf": now, "exp": now + LIFETIME.as_secs(),
        });
        let part = |part: serde_json::Value| URL_SAFE_NO_PAD.encode(part.to_string());
        let message = format!("{}.{}", part(header), part(claims));
        let signature = URL_SAFE_NO_PAD.encode(self.signature(message.as_bytes())?);
        Ok(Assertion::new(format!("{message}.{signature}")))
    }
}

/// What people have instead of PEM, and how they get PEM of it.
fn refuse_other_formats(pem: &[u8]) -> Result<(), Error> {
    let holds = |label: &[u8]| pem.windows(label.len()).any(|part| part == label);
    if pem.first() == Some(&0x30) {
        return Err(config(
            "the certificate is in a binary format (PKCS#12 or DER); convert a .pfx or .p12 file with `openssl pkcs12 -in \
             application.pfx -out application.pem -nodes`",
        ));
    }
    if holds(b"BEGIN ENCRYPTED PRIVATE KEY") || holds(b"Proc-Type: 4,ENCRYPTED") {
        return Err(config("the private key is encrypted; decrypt it with `openssl pkey -in key.pem -out plain.pem`"));
    }
    if holds(b"BEGIN OPENSSH PRIVATE KEY") {
        return Err(config("the private key is in OpenSSH's format; convert it with `ssh-keygen -p -m PEM -f key`"));
    }
    if holds(b"BEGIN PKCS7") {
        return Err(config(
            "the certificate is in PKCS#7 format; convert it with `openssl pkcs7 -print_certs -in a.p7b -out a.pem`",
        ));
    }
    if !holds(b"-----BEGIN ") {
        return Err(config("the certificate is no PEM text, which starts with -----BEGIN CERTIFICATE-----"));
    }
    Ok(())
}

fn config(message: &str) -> Error {
    Error::new(ErrorKind::Config, message)
}

impl AssertionSource for Certificate {
    fn assertion<'a>(&'a self, request: &'a AssertionRequest) -> BoxFuture<'a, Result<Assertion, Error>> {
        Box::pin(std::future::ready(self.sign(request)))
    }
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificate").field("algorithm", &self.algorithm).finish_non_exhaustive()
    }
}

impl From<Certificate> for Credential {
    fn from(certificate: Certificate) -> Self {
        Self::assertion(certificate)
    }
}
