//! Other web pages and broken clients: rejected or bounded, and the sandbox continues to serve.

use super::{page_sandbox, send};
use partner_ingestion_sdk::reqwest;
use partner_sandbox::{Calls, Fault, Sandbox};
use partner_tests::test_env::{TestEnv, checked};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Returns the cookie of a visitor who opened the printed address.
async fn cookie(sandbox: &Sandbox) -> String {
    let address = sandbox.page_url().unwrap();
    let reply = send(sandbox, "GET", address.strip_prefix(&sandbox.authority()).unwrap(), &[], "").await;
    assert_eq!((reply.status, reply.headers["location"].to_str().unwrap()), (303, "/"));
    let cookie = reply.headers["set-cookie"].to_str().unwrap();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"), "{cookie}");
    cookie.split(';').next().unwrap().to_owned()
}

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

#[tokio::test]
async fn controls_need_the_token() {
    let sandbox = page_sandbox().await;
    let cookie = cookie(&sandbox).await;
    let name = cookie.split('=').next().unwrap();
    for (cookie, expected) in
        [(cookie.as_str(), 200), ("", 403), ("a=b", 403), (&format!("{name}="), 403), (&format!("{name}=0"), 403)]
    {
        let headers = [FORM, ("cookie", cookie), ("accept", "text/plain")];
        let reply = send(&sandbox, "POST", "/page/control/outcome", &headers, "outcome=fail").await;
        assert_eq!(reply.status, expected, "{cookie}");
        assert_eq!(send(&sandbox, "GET", "/page/state.json", &[("cookie", cookie)], "").await.status, expected);
    }
    let page = send(&sandbox, "GET", "/page/settings", &[], "").await.body;
    assert_eq!(page.matches("<code>fail</code>").count(), 1, "only one request had an effect: {page}");
    assert_eq!(send(&sandbox, "GET", "/?token=wrong", &[], "").await.status, 403);
    assert!(send(&sandbox, "GET", "/", &[], "").await.body.contains("<fieldset disabled>"));
    assert!(send(&sandbox, "GET", "/", &[("cookie", &cookie)], "").await.body.contains("<fieldset>"));
    // Without a script, the browser returns to the page.
    let reply = send(&sandbox, "POST", "/page/control/clear-faults", &[FORM, ("cookie", &cookie)], "").await;
    assert_eq!((reply.status, reply.headers["location"].to_str().unwrap()), (303, "/#controls"));
    for (action, body) in [
        ("outcome", "outcome=rain"),
        ("clock", "seconds=x"),
        ("fault", "calls=GET+/x&kind=503&times=1"),
        ("seed", "text"),
    ] {
        let path = format!("/page/control/{action}");
        assert_eq!(send(&sandbox, "POST", &path, &[FORM, ("cookie", &cookie)], body).await.status, 400, "{action}");
    }
}

#[tokio::test]
async fn other_web_pages_are_rejected() {
    let sandbox = checked(Sandbox::builder()).page(true).control(true).start().await.unwrap();
    let cookie = cookie(&sandbox).await;
    let own = sandbox.authority();
    let paths = [
        ("GET", "/"),
        ("GET", "/page/calls"),
        ("GET", "/page/events"),
        ("GET", "/sandbox/calls"),
        ("POST", "/sandbox/reset"),
    ];
    for (method, path) in paths {
        for host in ["attacker.example", "attacker.example:80", "localhost.attacker.example", "sandbox"] {
            let reply = send(&sandbox, method, path, &[("host", host), ("cookie", &cookie)], "").await;
            assert_eq!(reply.status, 421, "{path} {host}");
        }
    }
    for path in ["/sandbox/reset", "/page/control/reset"] {
        for (headers, expected) in [
            ([("origin", "http://attacker.example"), ("cookie", cookie.as_str())], 403),
            ([("origin", "null"), ("cookie", &cookie)], 403),
            ([("sec-fetch-site", "cross-site"), ("cookie", &cookie)], 403),
            ([("origin", &own), ("cookie", &cookie)], if path.contains("page") { 303 } else { 204 }),
        ] {
            assert_eq!(send(&sandbox, "POST", path, &headers, "").await.status, expected, "{path} {headers:?}");
        }
    }
    // A health check of a container may have any name.
    assert_eq!(send(&sandbox, "GET", "/healthz", &[("host", "10.0.0.1")], "").await.status, 200);
}

#[tokio::test]
async fn responses_forbid_other_sources() {
    let sandbox = page_sandbox().await;
    for path in ["/", "/page/style.css", "/page/script.js", "/page/icon.svg", "/page/calls", "/page/offers", "/page/x"]
    {
        let reply = send(&sandbox, "GET", path, &[], "").await;
        let policy = reply.headers["content-security-policy"].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{path}: {policy}");
        assert_eq!(reply.headers["x-content-type-options"], "nosniff", "{path}");
        for inline in ["<style", " style=", " onclick=", "javascript:", "https://"] {
            assert!(!reply.body.contains(inline), "{path} contains {inline}");
        }
        assert!(!reply.body.contains("http://") || path == "/" || path == "/page/icon.svg", "{path}: another host");
    }
}

#[tokio::test]
async fn paths_do_not_leave_the_page() {
    let sandbox = page_sandbox().await;
    let raw = async |target: &str| {
        let authority = sandbox.authority();
        let mut stream = TcpStream::connect(authority.strip_prefix("http://").unwrap()).await.unwrap();
        let request = format!("GET {target} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut reply = String::new();
        stream.read_to_string(&mut reply).await.unwrap();
        reply
    };
    for target in [
        "/page/../../../../etc/passwd",
        "/page/..%2f..%2fetc/passwd",
        "/page/%2e%2e/Cargo.toml",
        "/page//etc/passwd",
        "/page/calls/../../Cargo.toml",
        "/page/calls/-1",
        "/page/calls/99999999999999999999999",
        "/page/style.css/..",
        "/page/",
        "/page/control/reset",
    ] {
        let reply = raw(target).await;
        let expected = if target == "/page/" { "200" } else { "404" };
        assert!(reply.starts_with(&format!("HTTP/1.1 {expected} ")), "{target}: {reply}");
        assert!(!reply.contains("root:") && !reply.contains("[package]"), "{target}");
    }
}

#[tokio::test]
async fn large_bodies_are_rejected_or_bounded() {
    let env = TestEnv::with_builder(checked(Sandbox::builder()).page(true).control(true)).await;
    let body = "x".repeat(10 << 20);
    let token = format!("/{}/oauth2/token", env.sandbox.tenant());
    for path in ["/", "/page/control/outcome", "/sandbox/faults", "/healthz", &token, "/elsewhere"] {
        // The sandbox may close the connection before everything was sent.
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let sent = http.post(format!("{}{path}", env.sandbox.authority())).body(body.clone()).send().await;
        assert!(sent.is_err() || sent.unwrap().status() == 413, "{path}");
    }
    // The API accepts as much as the service does, but only with a token and valid JSON.
    assert_eq!(send(&env.sandbox, "POST", "/v1.0/ingestion/products", &[], &body).await.status, 401);
    env.product("contoso").await;
    let calls = send(&env.sandbox, "GET", "/sandbox/calls", &[], "").await.body;
    assert!(calls.len() < 100_000 && calls.contains("(10485760 bytes)"), "large bodies are not kept: {}", calls.len());
}

/// Idle connections are closed when there are too many, so that new ones are served.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn idle_connections_do_not_stop_the_sandbox() {
    let env = TestEnv::with_builder(checked(Sandbox::builder()).page(true)).await;
    let authority = env.sandbox.authority();
    let address = authority.strip_prefix("http://").unwrap().to_owned();
    let mut idle = Vec::new();
    for number in 0..1_000 {
        let mut stream = TcpStream::connect(&address).await.unwrap();
        if number % 2 == 0 {
            // An incomplete request. The connection may be closed already.
            let _ = stream.write_all(b"GET / HTTP/1.1\r\nhost: ").await;
        }
        idle.push(stream);
        if number % 250 == 0 {
            assert_eq!(send(&env.sandbox, "GET", "/healthz", &[], "").await.status, 200);
        }
    }
    env.product("contoso").await;
    let mut closed = 0;
    for stream in &mut idle {
        let read = tokio::time::timeout(std::time::Duration::from_millis(1), stream.read(&mut [0; 64])).await;
        closed += usize::from(read.is_ok());
    }
    assert!((400..1_000).contains(&closed), "{closed} of 1,000 idle connections were closed");
}

/// A connection whose call takes long is not idle.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_in_use_are_not_closed() {
    let env = TestEnv::with_builder(checked(Sandbox::builder()).page(true)).await;
    env.sandbox.fail(Calls::of("GET", "/products"), Fault::delay(std::time::Duration::from_secs(2)), 1);
    let client = env.client.clone();
    let call = tokio::spawn(async move { client.list_products().send().await });
    let authority = env.sandbox.authority();
    let mut idle = Vec::new();
    while env.sandbox.call_count() == 0 {
        tokio::task::yield_now().await;
    }
    for _ in 0..700 {
        idle.push(TcpStream::connect(authority.strip_prefix("http://").unwrap()).await.unwrap());
    }
    call.await.unwrap().unwrap();
    assert_eq!(env.sandbox.call_count(), 1, "the call was not repeated");
}
