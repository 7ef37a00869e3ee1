//! A minimal HTTP/1.1 server on blocking sockets, which does not depend on the runtime of the test.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

pub(super) struct Request {
    pub(super) target: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

/// Maximum size of a request.
const MAX_REQUEST: u64 = 1 << 20;

/// Reads the next request of a connection. `None` if the connection was closed.
pub(super) fn read(stream: &mut BufReader<TcpStream>) -> io::Result<Option<Request>> {
    let mut stream = stream.take(MAX_REQUEST);
    let mut line = String::new();
    if stream.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let target = line.split(' ').nth(1).unwrap_or_default().to_owned();
    let mut headers = Vec::new();
    loop {
        line.clear();
        stream.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(':') else {
            break;
        };
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let length = headers.iter().find(|(name, _)| name == "content-length");
    let length = length.and_then(|(_, value)| value.parse().ok()).unwrap_or(0);
    let mut body = Vec::new();
    stream.take(length).read_to_end(&mut body)?;
    Ok(Some(Request { target, headers, body }))
}

/// Writes a response. `truncate` stops in the middle of the body; `byte_delay` is the delay between its bytes.
pub(super) fn write(
    stream: &mut TcpStream,
    status: u16,
    headers: &[(String, String)],
    body: &[u8],
    truncate: bool,
    byte_delay: Option<Duration>,
) -> io::Result<()> {
    let mut head = format!("HTTP/1.1 {status} -\r\nContent-Length: {}\r\n", body.len());
    for (name, value) in headers {
        head += &format!("{name}: {value}\r\n");
    }
    stream.write_all((head + "\r\n").as_bytes())?;
    let body = if truncate { &body[..body.len() / 2] } else { body };
    match byte_delay {
        None => stream.write_all(body)?,
        Some(delay) => {
            for byte in body {
                stream.write_all(&[*byte])?;
                std::thread::sleep(delay);
            }
        }
    }
    stream.flush()
}
