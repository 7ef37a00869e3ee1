//! The controls of the page. They do the same as the control API.

use super::plain;
use crate::control;
use crate::message::{Reply, Request, pairs};
use crate::server::State;
use http::StatusCode;
use http::header::LOCATION;
use serde_json::{Value, json};
use std::sync::Arc;

/// Handles a form. Without a script, the browser returns to the page.
pub(super) fn handle(state: &Arc<State>, request: &Request, action: &str) -> Reply {
    let form = pairs(&String::from_utf8_lossy(&request.body));
    let field =
        |name: &str| form.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str()).unwrap_or_default();
    let number = |name: &str| field(name).parse::<u64>().map_err(|_| format!("{name} must be a number"));
    let call =
        |method: &str, path: &str, body: Value| control::execute(state, method, path, body.to_string().as_bytes());
    let outcome = match action {
        "outcome" => call("POST", "submissions", json!({"nextOutcome": field("outcome")}))
            .map(|()| format!("The next submission: {}.", field("outcome"))),
        "clock" => number("seconds")
            .and_then(|seconds| call("POST", "clock", json!({"advanceSeconds": seconds})))
            .map(|()| "The clock was advanced.".to_owned()),
        "incident" => {
            let starts = field("active") == "1";
            let body = json!({"incident": field("incident")});
            call(if starts { "POST" } else { "DELETE" }, "incidents", body)
                .map(|()| format!("{} {}.", if starts { "Started" } else { "Stopped" }, field("incident")))
        }
        "fault" => number("times")
            .and_then(|times| call("POST", "faults", fault(field("calls"), field("kind"), times)))
            .map(|()| "The fault was injected.".to_owned()),
        "clear-faults" => call("DELETE", "faults", Value::Null)
            .and_then(|()| call("DELETE", "submissions", Value::Null))
            .map(|()| "Faults and outcomes were removed.".to_owned()),
        "seed" => control::execute(state, "POST", "seed", &request.body).map(|()| "The state was loaded.".to_owned()),
        "reset" => call("POST", "reset", Value::Null).map(|()| "The sandbox was reset.".to_owned()),
        _ => return plain(StatusCode::NOT_FOUND, "Not found."),
    };
    match outcome {
        Err(error) => plain(StatusCode::BAD_REQUEST, &error),
        Ok(message) if request.header("accept") == Some("text/plain") => plain(StatusCode::OK, &message),
        Ok(_) => Reply::empty(StatusCode::SEE_OTHER).with_header(LOCATION, "/#controls"),
    }
}

/// Returns the body of POST `/sandbox/faults` for a choice on the page.
fn fault(calls: &str, kind: &str, times: u64) -> Value {
    let mut fault = json!({"calls": calls, "times": times});
    match kind.parse::<u16>() {
        Ok(status) => {
            fault["status"] = status.into();
            // The gateway returns these with the time to wait.
            if matches!(status, 429 | 503) {
                fault["headers"] = json!({"Retry-After": "1"});
            }
        }
        Err(_) if kind == "delay" => fault["delayMilliseconds"] = 5000.into(),
        Err(_) => fault["connection"] = kind.into(),
    }
    fault
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_of_the_page_are_those_of_the_control_api() {
        let busy = json!({"calls": "any", "times": 2, "status": 503, "headers": {"Retry-After": "1"}});
        assert_eq!(fault("any", "503", 2), busy);
        assert_eq!(fault("any", "stall", 1), json!({"calls": "any", "times": 1, "connection": "stall"}));
        assert_eq!(fault("tokens", "delay", 1), json!({"calls": "tokens", "times": 1, "delayMilliseconds": 5000}));
    }
}
