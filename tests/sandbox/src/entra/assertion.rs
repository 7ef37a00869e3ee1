//! Client assertions (RFC 7523), signed with a registered certificate or by the sandbox's own identity provider.

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};
use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use serde_json::{Value, json};
use std::time::SystemTime;
use webpki::EndEntityCert;
use webpki::aws_lc_rs::{RSA_PKCS1_2048_8192_SHA256, RSA_PSS_2048_8192_SHA256_LEGACY_KEY};

/// Subject and audience of the application's federated credential.
const SUBJECT: &str = "sandbox";
const AUDIENCE: &str = "api://AzureADTokenExchange";
/// The clock skew in seconds that Entra ID accepts.
const SKEW: u64 = 300;
const LIFETIME: u64 = 600;

/// The keys that may sign assertions for the application.
pub(crate) struct TrustedKeys {
    certificates: Vec<CertificateDer<'static>>,
    issuer: String,
    key: hmac::Key,
}

/// Why an assertion is rejected: the AADSTS code and its message.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Rejection(pub(crate) u32, pub(crate) &'static str);

const SIGNATURE: Rejection = Rejection(700_027, "Client assertion failed signature validation.");
const STALE: Rejection = Rejection(700_024, "Client assertion is not within its valid time range.");
const CLAIMS: Rejection = Rejection(50_012, "The claims of the client assertion are not those of the application.");
const FEDERATED: Rejection =
    Rejection(700_213, "No matching federated identity record found for presented assertion subject.");

impl TrustedKeys {
    /// Reads certificates. `pem` may also contain keys and chains.
    pub(crate) fn new(origin: &str, pem: &[String]) -> Result<Self, String> {
        let mut certificates = Vec::new();
        for text in pem {
            let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(text.as_bytes()).collect();
            let found = found.map_err(|error| format!("certificate is not valid PEM text: {error:?}"))?;
            if found.is_empty() {
                return Err("PEM text has no certificate".to_owned());
            }
            certificates.extend(found);
        }
        let secret = uuid::Uuid::new_v4();
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
        Ok(Self { certificates, issuer: format!("{origin}/issuer"), key })
    }

    /// Creates an assertion as the identity provider of a platform does.
    pub(crate) fn federated(&self, now: SystemTime) -> String {
        let now = seconds(now);
        let claims = json!({
            "iss": self.issuer, "sub": SUBJECT, "aud": AUDIENCE, "iat": now, "nbf": now, "exp": now + LIFETIME,
        });
        let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let message = format!("{}.{}", part(json!({"alg": "HS256", "typ": "JWT"})), part(claims));
        let signature = URL_SAFE_NO_PAD.encode(hmac::sign(&self.key, message.as_bytes()));
        format!("{message}.{signature}")
    }

    /// Checks signature, validity and claims of an assertion. `now` is the sandbox's time. The validity of self-signed assertions
    /// is checked with the real time, which the client uses.
    pub(crate) fn check(
        &self,
        assertion: &str,
        client: &str,
        endpoint: &str,
        now: SystemTime,
    ) -> Result<(), Rejection> {
        let (message, signature) = assertion.rsplit_once('.').ok_or(SIGNATURE)?;
        let (header, claims) = message.split_once('.').ok_or(SIGNATURE)?;
        let (header, claims) = (json(header).ok_or(SIGNATURE)?, json(claims).ok_or(SIGNATURE)?);
        let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| SIGNATURE)?;
        let federated = header["alg"] == "HS256";
        let signed = match federated {
            true => hmac::verify(&self.key, message.as_bytes(), &signature).is_ok(),
            false => self.signed_by_certificate(&header, message, &signature),
        };
        if !signed {
            return Err(SIGNATURE);
        }
        let now = seconds(if federated { now } else { SystemTime::now() });
        let (from, until) = (claims["nbf"].as_u64().unwrap_or(0), claims["exp"].as_u64().unwrap_or(0));
        if now + SKEW < from || now >= until + SKEW {
            return Err(STALE);
        }
        let expected = match federated {
            true => [("iss", self.issuer.as_str()), ("sub", SUBJECT), ("aud", AUDIENCE)],
            false => [("iss", client), ("sub", client), ("aud", endpoint)],
        };
        match expected.iter().all(|(name, value)| claims[name] == *value) {
            true => Ok(()),
            false => Err(if federated { FEDERATED } else { CLAIMS }),
        }
    }

    fn signed_by_certificate(&self, header: &Value, message: &str, signature: &[u8]) -> bool {
        let named = |der: &CertificateDer<'_>| {
            let sha256 = URL_SAFE_NO_PAD.encode(digest(&SHA256, der));
            let sha1 = URL_SAFE_NO_PAD.encode(digest(&SHA1_FOR_LEGACY_USE_ONLY, der));
            header["x5t#S256"] == sha256 || header["x5t"] == sha1
        };
        let algorithm = match header["alg"].as_str() {
            Some("PS256") => RSA_PSS_2048_8192_SHA256_LEGACY_KEY,
            Some("RS256") => RSA_PKCS1_2048_8192_SHA256,
            _ => return false,
        };
        let certificate = self.certificates.iter().find(|der| named(der));
        let certificate = certificate.and_then(|der| EndEntityCert::try_from(der).ok());
        certificate.is_some_and(|c| c.verify_signature(algorithm, message.as_bytes(), signature).is_ok())
    }
}

fn json(part: &str) -> Option<Value> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok()
}

fn seconds(time: SystemTime) -> u64 {
    time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn checks_federated_assertions() {
        let trusted_keys = TrustedKeys::new("http://a", &[]).unwrap();
        let assertion = trusted_keys.federated(SystemTime::now());
        let now = SystemTime::now();
        let check = |assertion: &str, now| trusted_keys.check(assertion, "client", "http://a/token", now);
        assert_eq!(check(&assertion, now), Ok(()));
        assert_eq!(check(&assertion, now + Duration::from_secs(LIFETIME + SKEW + 1)), Err(STALE));
        assert_eq!(check(&assertion, now - Duration::from_secs(SKEW + 10)), Err(STALE));
        let foreign = TrustedKeys::new("http://a", &[]).unwrap().federated(SystemTime::now());
        let tampered =
            format!("{}x", assertion.split_once('.').unwrap().0) + &assertion[assertion.find('.').unwrap()..];
        for wrong in [foreign.as_str(), tampered.as_str(), "", "a.b", "a.b.c", "..", "e30.e30.e30"] {
            assert_eq!(check(wrong, now), Err(SIGNATURE), "{wrong}");
        }
        let elsewhere = TrustedKeys {
            issuer: "http://b/issuer".to_owned(),
            key: trusted_keys.key.clone(),
            certificates: Vec::new(),
        };
        assert_eq!(check(&elsewhere.federated(now), now), Err(FEDERATED));
    }

    #[test]
    fn rejects_invalid_certificates() {
        for text in ["", "hello", "-----BEGIN CERTIFICATE-----\n%%%\n-----END CERTIFICATE-----\n"] {
            assert!(TrustedKeys::new("http://a", &[text.to_owned()]).is_err(), "{text}");
        }
    }
}
