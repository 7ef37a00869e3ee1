//! The addresses that a sandbox listens on, and the names that its clients use.

use std::io;
use std::net::{IpAddr, SocketAddr, TcpListener, ToSocketAddrs};

/// Where a sandbox listens.
pub(crate) struct Network {
    /// The address or the name of the interface.
    pub(crate) host: String,
    pub(crate) port: u16,
    /// The port of the blob store. `None`: that of the API.
    pub(crate) blob_port: Option<u16>,
    /// The name by which clients reach the sandbox.
    pub(crate) hostname: Option<String>,
    /// Whether other machines may reach the sandbox.
    pub(crate) allow_remote: bool,
}

impl Network {
    /// Binds a port. 0 selects a free port.
    pub(crate) fn bind(&self, port: u16) -> io::Result<(TcpListener, SocketAddr)> {
        let unknown = |reason: String| io::Error::new(io::ErrorKind::InvalidInput, reason);
        let resolved = (self.host.as_str(), port).to_socket_addrs();
        let resolved = resolved.map_err(|error| unknown(format!("unknown host {:?}: {error}", self.host)))?;
        let addresses: Vec<SocketAddr> = resolved.collect();
        let ipv4 = addresses.iter().find(|address| address.is_ipv4());
        let address = ipv4.or(addresses.first()).ok_or_else(|| unknown(format!("unknown host {:?}", self.host)))?;
        if !address.ip().is_loopback() && !self.allow_remote {
            return Err(unknown(format!(
                "host {} can be reached from other machines; allow it with --allow-remote (SandboxBuilder::allow_remote)",
                self.host
            )));
        }
        let listener = TcpListener::bind(address)?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        Ok((listener, address))
    }

    /// Returns scheme, host and port for clients.
    pub(crate) fn origin(&self, address: SocketAddr) -> String {
        let host = match &self.hostname {
            Some(name) => name.clone(),
            None if self.is_any(address.ip()) => "127.0.0.1".to_owned(),
            None => return format!("http://{address}"),
        };
        format!("http://{host}:{}", address.port())
    }

    fn is_any(&self, ip: IpAddr) -> bool {
        ip.is_unspecified()
    }

    /// Returns the values of `Host`, without the port, that requests from a browser and from tests may have.
    pub(crate) fn names(&self, address: SocketAddr) -> Vec<String> {
        let mut names = vec!["localhost".to_owned(), "127.0.0.1".to_owned(), "[::1]".to_owned()];
        names.extend(self.hostname.clone());
        if !self.is_any(address.ip()) {
            names.push(match address.ip() {
                IpAddr::V4(ip) => ip.to_string(),
                IpAddr::V6(ip) => format!("[{ip}]"),
            });
            names.push(self.host.clone());
        }
        names
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(host: &str, hostname: Option<&str>) -> Network {
        let hostname = hostname.map(str::to_owned);
        Network { host: host.to_owned(), port: 0, blob_port: None, hostname, allow_remote: false }
    }

    #[test]
    fn other_interfaces_need_permission() {
        let error = network("0.0.0.0", None).bind(0).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
        assert!(error.to_string().contains("--allow-remote"), "{error}");
        let (_, address) = Network { allow_remote: true, ..network("0.0.0.0", None) }.bind(0).unwrap();
        assert!(address.ip().is_unspecified());
        assert!(network("127.0.0.1", None).bind(0).is_ok() && network("localhost", None).bind(0).is_ok());
    }

    #[test]
    fn origin_is_the_name_for_clients() {
        let any: SocketAddr = "0.0.0.0:80".parse().unwrap();
        assert_eq!(network("0.0.0.0", None).origin(any), "http://127.0.0.1:80");
        assert_eq!(network("0.0.0.0", Some("sandbox")).origin(any), "http://sandbox:80");
        assert_eq!(network("::1", None).origin("[::1]:80".parse().unwrap()), "http://[::1]:80");
        assert_eq!(network("0.0.0.0", Some("sandbox")).names(any), ["localhost", "127.0.0.1", "[::1]", "sandbox"]);
    }
}
