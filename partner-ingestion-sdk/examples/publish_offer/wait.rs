//! Waiting for what changes by itself, with a line on the terminal that says what it is.

use crate::common::Outcome;
use std::future::Future;
use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

/// The service needs minutes for a package and hours for a submission; the caller decides how long to wait.
const LIMIT: Duration = Duration::from_secs(12 * 3600);

/// Looks again and again, with growing pauses, until `look` has found what it looks for. It says what it sees meanwhile.
pub(crate) async fn until<T, F, Fut>(what: &str, first_pause: Duration, mut look: F) -> Outcome<T>
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Outcome<Result<T, String>>>,
{
    let start = Instant::now();
    let mut pause = first_pause;
    let mut seen = String::new();
    loop {
        match look().await? {
            Ok(found) => {
                clear();
                return Ok(found);
            }
            Err(state) if start.elapsed() > LIMIT => return Err(format!("{what} is still {state}").into()),
            Err(state) => {
                show(what, &state, state != seen, start.elapsed());
                seen = state;
            }
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 3 / 2).min(Duration::from_secs(60));
    }
}

/// One line that is written over on a terminal; elsewhere a line for each change.
fn show(what: &str, state: &str, changed: bool, elapsed: Duration) {
    let mut stderr = std::io::stderr();
    if stderr.is_terminal() {
        eprint!("\r\x1b[K  {what}: {state} ({} s)", elapsed.as_secs());
        // A terminal that cannot be flushed shows the line later.
        let _ = stderr.flush();
    } else if changed {
        eprintln!("  {what}: {state}");
    }
}

fn clear() {
    if std::io::stderr().is_terminal() {
        eprint!("\r\x1b[K");
    }
}
