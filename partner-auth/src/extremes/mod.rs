//! Extreme values of every public function of this crate: nothing panics. A test of the workspace reads the sources and fails if a
//! function has no row here.

mod numbers;
mod texts;

use crate::BoxFuture;
use futures_util::FutureExt;
use std::sync::Arc;
use std::time::Duration;

struct Row<X> {
    function: &'static str,
    call: Arc<dyn Fn(X) -> BoxFuture<'static, ()> + Send + Sync>,
}

fn row<X, F>(function: &'static str, call: impl Fn(X) -> F + Send + Sync + 'static) -> Row<X>
where
    F: Future<Output = ()> + Send + 'static,
{
    Row { function, call: Arc::new(move |value| call(value).boxed()) }
}

/// A call with the largest duration does not end. It is cut off after this time.
const LIMIT: Duration = Duration::from_millis(500);

/// Calls every function with every value. Returns those that panicked.
async fn run<X: Clone + std::fmt::Debug + Send + 'static>(rows: Vec<Row<X>>, values: &[X]) -> Vec<String> {
    let calls =
        rows.into_iter().flat_map(|row| values.iter().map(move |x| (row.function, row.call.clone(), x.clone())));
    let calls = calls.map(|(function, call, value)| {
        let name = format!("{function} with {value:?}").chars().take(300).collect::<String>();
        (name, tokio::spawn(async move { drop(tokio::time::timeout(LIMIT, call(value)).await) }))
    });
    let calls: Vec<_> = calls.collect();
    let mut panicked = Vec::new();
    for (name, task) in calls {
        panicked.extend(task.await.is_err().then_some(name));
    }
    panicked
}
