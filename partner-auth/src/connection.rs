//! The cause of a failed connection, from the messages of the TLS and DNS libraries.

use std::error::Error as StdError;

/// The cause of a failed connection.
///
/// Not covered by the compatibility promise: `partner-ingestion-sdk` and this crate share it, so that both describe a connection
/// in the same words. It reads the messages of rustls, OpenSSL, Schannel and Security Framework, because each of these libraries
/// has its own error types.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConnectionFailure {
    /// The certificate belongs to another host name.
    WrongHostName,
    /// The certificate has expired or is not valid yet.
    ExpiredCertificate,
    /// The certificate is not signed by a trusted authority, or is malformed.
    UntrustedCertificate,
    /// Both sides have no TLS version or cipher in common, or the server does not use TLS.
    TlsHandshake,
    /// The host name cannot be resolved.
    HostNotFound,
    /// No server listens at the address.
    Refused,
    /// Anything else.
    Other,
}

use ConnectionFailure::*;

/// Parts of messages in lower case. The first match counts, so that the specific causes come first.
const MESSAGES: [(&str, ConnectionFailure); 25] = [
    ("not valid for name", WrongHostName),
    ("notvalidforname", WrongHostName),
    ("hostname mismatch", WrongHostName),
    ("host name mismatch", WrongHostName),
    ("ip address mismatch", WrongHostName),
    ("target principal name is incorrect", WrongHostName),
    ("certificate expired", ExpiredCertificate),
    ("certificate has expired", ExpiredCertificate),
    ("certificate: expired", ExpiredCertificate),
    ("not valid yet", ExpiredCertificate),
    ("notvalidyet", ExpiredCertificate),
    ("not within its validity period", ExpiredCertificate),
    ("invalid peer certificate", UntrustedCertificate),
    ("certificate verify failed", UntrustedCertificate),
    ("certificate was not trusted", UntrustedCertificate),
    ("certificate chain", UntrustedCertificate),
    ("peer is incompatible", TlsHandshake),
    ("alert: handshakefailure", TlsHandshake),
    ("alert: protocolversion", TlsHandshake),
    ("corrupt message", TlsHandshake),
    ("wrong version number", TlsHandshake),
    ("dns error", HostNotFound),
    ("failed to lookup address", HostNotFound),
    ("connection refused", Refused),
    ("actively refused", Refused), // Windows
];

impl ConnectionFailure {
    /// Reads an error and its sources.
    pub fn of(error: &(dyn StdError + 'static)) -> Self {
        let mut texts = Vec::new();
        let mut next = Some(error);
        while let Some(error) = next {
            texts.push(error.to_string().to_lowercase());
            next = error.source();
        }
        let found = MESSAGES.iter().find(|(part, _)| texts.iter().any(|text| text.contains(part)));
        found.map_or(Other, |(_, failure)| *failure)
    }

    /// Returns the cause in words, or `None` if it is unknown.
    pub fn description(self) -> Option<&'static str> {
        match self {
            WrongHostName => Some("the certificate is not valid for this host name"),
            ExpiredCertificate => Some("the certificate has expired or is not valid yet"),
            UntrustedCertificate => Some("the certificate is not trusted"),
            TlsHandshake => Some("the server does not accept the TLS handshake"),
            HostNotFound => Some("the host name cannot be resolved"),
            Refused => Some("the connection was refused"),
            Other => None,
        }
    }

    /// Returns the suggested next step.
    pub fn hint(self) -> &'static str {
        match self {
            WrongHostName => "Check the host name in the address: the server's certificate is for other names.",
            ExpiredCertificate => {
                "Check the clock of this machine, and renew the server's certificate if it has expired."
            }
            UntrustedCertificate => {
                "Add the root certificate of the server or proxy to the system's store, or set it with `configure_http`."
            }
            TlsHandshake => {
                "Check that the port of the address is the server's HTTPS port, and that it supports TLS 1.2 or 1.3."
            }
            HostNotFound => "Check the host name in the address, the DNS settings and the network.",
            Refused => "Check the port in the address, the firewall and the proxy.",
            Other => "Check the network, the proxy and the address.",
        }
    }

    /// Returns true if a repetition would fail in the same way.
    pub fn is_permanent(self) -> bool {
        matches!(self, WrongHostName | ExpiredCertificate | UntrustedCertificate | TlsHandshake)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io;

    #[test]
    fn messages_of_every_tls_library_are_classified() {
        let table = [
            ("invalid peer certificate: UnknownIssuer", UntrustedCertificate),
            ("invalid peer certificate: BadSignature", UntrustedCertificate),
            ("invalid peer certificate: NotValidForName", WrongHostName),
            (
                "invalid peer certificate: certificate not valid for name \"a\"; certificate is only valid for DnsName(\"b\")",
                WrongHostName,
            ),
            ("invalid peer certificate: Expired", ExpiredCertificate),
            (
                "invalid peer certificate: certificate expired: verification time 2 (UNIX), but certificate is not valid after 1",
                ExpiredCertificate,
            ),
            ("certificate verify failed: self-signed certificate", UntrustedCertificate),
            ("certificate verify failed: (Hostname mismatch)", WrongHostName),
            ("certificate verify failed: (certificate has expired)", ExpiredCertificate),
            ("The target principal name is incorrect. (os error -2146893022)", WrongHostName),
            (
                "A certificate chain processed, but terminated in a root certificate which is not trusted by the trust provider.",
                UntrustedCertificate,
            ),
            ("The certificate was not trusted.", UntrustedCertificate),
            ("received fatal alert: HandshakeFailure", TlsHandshake),
            ("received corrupt message of type InvalidContentType", TlsHandshake),
            ("dns error", HostNotFound),
            ("Connection refused (os error 111)", Refused),
            ("No connection could be made because the target machine actively refused it. (os error 10061)", Refused),
            ("tls handshake eof", Other),
            ("connection closed before message completed", Other),
        ];
        for (text, expected) in table {
            let error = crate::Error::other(crate::ErrorKind::Network, "x", io::Error::other(text));
            assert_eq!(ConnectionFailure::of(&error), expected, "{text}");
            assert_eq!(
                expected.is_permanent(),
                expected.description().is_some_and(|d| d.contains("certificate") || d.contains("TLS"))
            );
        }
    }
}
