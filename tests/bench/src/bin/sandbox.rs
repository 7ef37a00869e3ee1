//! Measures the program `partner-sandbox`: its start, calls per second of processor time, and memory with 10,000 offers. Linux only,
//! because the processor time and the memory of another process are read from /proc.
//!
//! `PRISM=/path/to/prism cargo xtask bench sandbox` measures the generic mock Prism (npm package `@stoplight/prism-cli`) beside it. It
//! returns examples for the same document, and keeps no state.

use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const STARTS: usize = 20;
const CALLS: usize = 20_000;
/// Connections at the same time. On one, the program waits for the client between two calls.
const CONNECTIONS: usize = 8;
const OFFERS: usize = 10_000;
/// Clock ticks per second of the processor times in /proc, on every usual system.
const TICKS: f64 = 100.0;

/// Prism needs milliseconds for a call.
const PRISM_CALLS: usize = 1_000;
const PRISM_PORT: &str = "4010";

fn main() {
    let program = std::env::var("SANDBOX").unwrap();
    let mut starts: Vec<Duration> = (0..STARTS).map(|_| Sandbox::start(&program).started_in).collect();
    starts.sort();
    println!("start until ready, median of {STARTS}: {:.1} ms", starts[STARTS / 2].as_secs_f64() * 1000.0);

    let sandbox = Sandbox::start(&program);
    let mut client = Client::new(&sandbox.ready);
    let before = sandbox.memory();
    let id = client.create(0);
    for (name, path) in [("a product", format!("products/{id}")), ("a list of one", "products".to_owned())] {
        let mut clients: Vec<Client> = (0..CONNECTIONS).map(|_| Client::new(&sandbox.ready)).collect();
        reads(&sandbox, &mut clients, name, &path, CALLS);
    }
    let time = sandbox.processor_time();
    for number in 1..=OFFERS {
        client.create(number);
    }
    let used = sandbox.processor_time() - time;
    println!("POST of an offer: {:.0} calls per second of processor time", OFFERS as f64 / used);
    println!(
        "memory: {} MB at the start, {} MB with {OFFERS} offers and the log of their calls",
        before / 1024,
        sandbox.memory() / 1024
    );
    if let Ok(program) = std::env::var("PRISM") {
        prism(&program);
    }
}

/// Measures one call, many times.
fn reads(sandbox: &Sandbox, clients: &mut [Client], name: &str, path: &str, calls: usize) {
    let (time, started) = (sandbox.processor_time(), Instant::now());
    let each = calls / clients.len();
    let connections = clients.len();
    std::thread::scope(|scope| {
        for client in clients {
            scope.spawn(move || (0..each).for_each(|_| assert_eq!(client.call("GET", path, "").0, 200)));
        }
    });
    let (used, elapsed) = (sandbox.processor_time() - time, started.elapsed().as_secs_f64());
    let calls = calls as f64;
    println!(
        "GET of {name}: {:.0} calls per second of processor time, {:.0} per second on {connections} connections",
        calls / used,
        calls / elapsed
    );
}

fn prism(program: &str) {
    let document = concat!(env!("CARGO_MANIFEST_DIR"), "/../../openapi/partner-ingestion.openapi.json");
    let started = Instant::now();
    let mut command = Command::new(program);
    command.args(["mock", "--port", PRISM_PORT, document]).stdout(Stdio::null()).stderr(Stdio::null());
    let child = command.spawn().unwrap();
    let stream = loop {
        match TcpStream::connect(format!("127.0.0.1:{PRISM_PORT}")) {
            Ok(stream) => break stream,
            Err(_) => std::thread::sleep(Duration::from_millis(10)),
        }
    };
    println!("Prism: start until ready: {:.0} ms", started.elapsed().as_secs_f64() * 1000.0);
    let prism = Sandbox { child, ready: Value::Null, started_in: started.elapsed() };
    let mut client = Client { stream: BufReader::new(stream), token: "prism".to_owned(), base: "" };
    // The first call loads what the others use.
    client.call("GET", "products", "");
    reads(&prism, std::slice::from_mut(&mut client), "Prism, a list of one", "products", PRISM_CALLS);
    println!("Prism: memory: {} MB", prism.memory() / 1024);
}

struct Sandbox {
    child: Child,
    ready: Value,
    started_in: Duration,
}

impl Sandbox {
    fn start(program: &str) -> Self {
        let started = Instant::now();
        let mut command = Command::new(program);
        // One core.
        command
            .args(["--json", "--processing-delay", "0"])
            .env("TOKIO_WORKER_THREADS", "1")
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let started_in = started.elapsed();
        Self { child, ready: serde_json::from_str(&line).unwrap(), started_in }
    }

    /// Returns user and system time in seconds.
    fn processor_time(&self) -> f64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap();
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
        let ticks: f64 = [fields[11], fields[12]].iter().map(|field| field.parse::<f64>().unwrap()).sum();
        ticks / TICKS
    }

    /// Returns the resident memory in KiB.
    fn memory(&self) -> usize {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A client that costs less than the server: one connection, and no more of HTTP than needed.
struct Client {
    stream: BufReader<TcpStream>,
    token: String,
    /// The path of the API.
    base: &'static str,
}

impl Client {
    fn new(ready: &Value) -> Self {
        let text = |key: &str| ready[key].as_str().unwrap().to_owned();
        let stream = TcpStream::connect(text("authority").trim_start_matches("http://")).unwrap();
        stream.set_nodelay(true).unwrap();
        let mut client = Self { stream: BufReader::new(stream), token: String::new(), base: "/v1.0/ingestion" };
        let form = format!(
            "grant_type=client_credentials&client_id={}&client_secret={}&resource=https://api.partner.microsoft.com",
            text("clientId"),
            text("clientSecret")
        );
        let (status, body) = client.send("POST", &format!("/{}/oauth2/token", text("tenant")), &form);
        assert_eq!(status, 200);
        client.token = body["access_token"].as_str().unwrap().to_owned();
        client
    }

    fn create(&mut self, number: usize) -> String {
        let id = format!("offer-{number}");
        let ids = json!([{"type": "AzureOfferId", "value": id}]);
        let body = json!({"resourceType": "AzureApplication", "name": id, "externalIDs": ids}).to_string();
        let (status, offer) = self.call("POST", "products", &body);
        assert_eq!(status, 201, "{offer}");
        offer["id"].as_str().unwrap().to_owned()
    }

    fn call(&mut self, method: &str, path: &str, body: &str) -> (u16, Value) {
        self.send(method, &format!("{}/{path}", self.base), body)
    }

    fn send(&mut self, method: &str, path: &str, body: &str) -> (u16, Value) {
        let length = body.len();
        let token = &self.token;
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {token}\r\ncontent-type: application/json\r\n\
             content-length: {length}\r\n\r\n{body}"
        );
        self.stream.get_mut().write_all(request.as_bytes()).unwrap();
        let mut line = String::new();
        self.stream.read_line(&mut line).unwrap();
        let status = line[9..12].parse().unwrap();
        let mut chunked = false;
        let mut length = 0;
        loop {
            line.clear();
            self.stream.read_line(&mut line).unwrap();
            let header = line.trim().to_ascii_lowercase();
            if header.is_empty() {
                break;
            }
            chunked |= header == "transfer-encoding: chunked";
            if let Some(value) = header.strip_prefix("content-length: ") {
                length = value.parse().unwrap();
            }
        }
        let mut body = Vec::new();
        if chunked {
            loop {
                line.clear();
                self.stream.read_line(&mut line).unwrap();
                let size = usize::from_str_radix(line.trim(), 16).unwrap();
                let mut chunk = vec![0; size + 2];
                self.stream.read_exact(&mut chunk).unwrap();
                if size == 0 {
                    break;
                }
                body.extend_from_slice(&chunk[..size]);
            }
        } else {
            body.resize(length, 0);
            self.stream.read_exact(&mut body).unwrap();
        }
        (status, serde_json::from_slice(&body).unwrap_or(Value::Null))
    }
}
