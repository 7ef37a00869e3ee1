//! Assertions signed with a certificate's private key
//! (learn.microsoft.com/entra/identity-platform/certificate-credentials, read in 2026).

use super::{Assertion, AssertionRequest, AssertionSource, Credential};
use crate::{BoxFuture, Error, ErrorKind};
use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};
use aws_lc_rs::rand::{SystemRandom, fill};
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

/// The signing algorithm of assertions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SigningAlgorithm {
    /// PS256 with the certificate's SHA-256 thumbprint, as Microsoft recommends.
    #[default]
    Ps256,
    /// RS256 with the certificate's SHA-1 thumbprint, for authorities that do not support PS256.
    Rs256,
}

/// A certificate with its RSA private key. `Debug` does not print the key, and its memory is zeroed when it is dropped.
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

/// The lifetime of an assertion. Entra ID accepts at most ten minutes; every request has a new assertion.
const LIFETIME: Duration = Duration::from_secs(10 * 60);
const MIN_KEY: usize = 2048 / 8;
const MAX_KEY: usize = 4096 / 8;

impl Certificate {
    /// Reads certificate and key from one PEM text, in any order. If there are several certificates, the one that matches the
    /// key is used.
    ///
    /// # Errors
    ///
    /// Returns an error of kind [`ErrorKind::Config`] if the text is not PEM, the key is encrypted, the key is not an RSA key of
    /// 2048 to 4096 bits, or no certificate matches it. For other formats the message has the command to convert them.
    pub fn from_pem(pem: impl AsRef<[u8]>) -> Result<Self, Error> {
        let pem = pem.as_ref();
        reject_other_formats(pem)?;
        let (mut key, mut certificates) = (None, Vec::new());
        let unusable = || config("private key is not an RSA key of 2048 to 4096 bits");
        for section in <(SectionKind, Vec<u8>)>::pem_slice_iter(pem) {
            let (kind, der) =
                section.map_err(|_| config("PEM text is damaged: a section has no end or is not base64"))?;
            let der = Zeroizing::new(der);
            match kind {
                SectionKind::Certificate => certificates.push(der.to_vec()),
                SectionKind::PrivateKey => key = Some(RsaKeyPair::from_pkcs8(&der)),
                SectionKind::RsaPrivateKey => key = Some(RsaKeyPair::from_der(&der)),
                SectionKind::EcPrivateKey => {
                    return Err(config("private key is an elliptic curve key, but Entra ID requires an RSA key"));
                }
                _ => {}
            }
        }
        let key = key.ok_or_else(|| config("PEM text has no private key; append the key to the certificate"))?;
        let key = key.map_err(|_| unusable())?;
        if !(MIN_KEY..=MAX_KEY).contains(&key.public_modulus_len()) {
            return Err(unusable());
        }
        if certificates.is_empty() {
            return Err(config("PEM text has no certificate; prepend the certificate to the key"));
        }
        // A certificate contains the public key verbatim (RFC 5280 section 4.1.2.7, RFC 3279 section 2.3.1).
        let public = key.public_key().as_ref();
        let mut certificates = certificates.into_iter();
        let der = certificates.find(|der| der.windows(public.len()).any(|part| part == public));
        let der = der.ok_or_else(|| config("private key does not match the certificate"))?;
        Ok(Self { key: Arc::new(key), der: der.into(), algorithm: SigningAlgorithm::default() })
    }

    /// Reads certificate and key from a PEM file, as [`from_pem`](Self::from_pem) does.
    ///
    /// # Errors
    ///
    /// Returns an error of kind [`ErrorKind::Config`] if the file cannot be read, or [`from_pem`](Self::from_pem) fails.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self, Error> {
        let path = path.as_ref();
        let with_path = |message: &str| format!("certificate {}: {message}", path.display());
        let pem = std::fs::read(path)
            .map_err(|error| Error::other(ErrorKind::Config, with_path("file cannot be read"), error))?;
        Self::from_pem(Zeroizing::new(pem)).map_err(|error| config(&with_path(error.message())))
    }

    /// Sets the signing algorithm. Default: [`SigningAlgorithm::Ps256`].
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
        signed.map_err(|_| Error::new(ErrorKind::Credential, "private key cannot sign the assertion"))?;
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
        let mut id = [0; 16];
        fill(&mut id)
            .map_err(|_| Error::new(ErrorKind::Credential, "no random id for the assertion could be generated"))?;
        let id = uuid::Builder::from_random_bytes(id).into_uuid();
        let claims = json!({
            "aud": request.token_endpoint(), "iss": request.client_id(), "sub": request.client_id(),
            "jti": id.to_string(), "iat": now, "nbf": now, "exp": now + LIFETIME.as_secs(),
        });
        let part = |part: serde_json::Value| URL_SAFE_NO_PAD.encode(part.to_string());
        let message = format!("{}.{}", part(header), part(claims));
        let signature = Zeroizing::new(URL_SAFE_NO_PAD.encode(Zeroizing::new(self.signature(message.as_bytes())?)));
        Ok(Assertion::new([message.as_str(), ".", signature.as_str()].concat()))
    }
}

/// Detects other formats, and names the command that converts them to PEM.
fn reject_other_formats(pem: &[u8]) -> Result<(), Error> {
    let contains = |label: &[u8]| pem.windows(label.len()).any(|part| part == label);
    if pem.first() == Some(&0x30) {
        return Err(config(
            "certificate is in a binary format (PKCS#12 or DER); convert a .pfx or .p12 file with `openssl pkcs12 -in \
             application.pfx -out application.pem -nodes`",
        ));
    }
    if contains(b"BEGIN ENCRYPTED PRIVATE KEY") || contains(b"Proc-Type: 4,ENCRYPTED") {
        return Err(config("private key is encrypted; decrypt it with `openssl pkey -in key.pem -out plain.pem`"));
    }
    if contains(b"BEGIN OPENSSH PRIVATE KEY") {
        return Err(config("private key is in OpenSSH format; convert it with `ssh-keygen -p -m PEM -f key`"));
    }
    if contains(b"BEGIN PKCS7") {
        return Err(config(
            "certificate is in PKCS#7 format; convert it with `openssl pkcs7 -print_certs -in a.p7b -out a.pem`",
        ));
    }
    if !contains(b"-----BEGIN ") {
        return Err(config("certificate is not PEM text, which starts with -----BEGIN CERTIFICATE-----"));
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
