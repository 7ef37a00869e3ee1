//! A 401 drops exactly the rejected token.

use super::*;

#[tokio::test]
async fn concurrent_rejections_request_one_token() {
    let harness = Harness::new([]);
    let old = harness.cache.token().await.unwrap();
    let tasks: Vec<_> = (0..1000)
        .map(|_| {
            let (cache, old) = (harness.cache.clone(), old.clone());
            tokio::spawn(async move {
                cache.invalidate(&old);
                cache.token().await.unwrap()
            })
        })
        .collect();
    for task in tasks {
        assert_eq!(task.await.unwrap().secret(), "t2");
    }
    assert_eq!(harness.calls(), 2);
}

#[tokio::test]
async fn late_rejection_of_an_old_token_is_ignored() {
    let harness = Harness::new([]);
    let old = harness.cache.token().await.unwrap();
    harness.cache.invalidate(&old);
    assert_eq!(harness.token_text().await, "t2");
    harness.advance(1000);
    harness.cache.invalidate(&old);
    // Tokens are compared by their text.
    harness.cache.invalidate(&AccessToken::new("t1").unwrap());
    assert_eq!((harness.token_text().await.as_str(), harness.calls()), ("t2", 2));
}

#[tokio::test]
async fn newly_issued_token_is_kept_for_30_seconds_if_rejected() {
    let harness = Harness::new([]);
    for (expected, calls) in [("t2", 2), ("t2", 2), ("t2", 2)] {
        let token = harness.cache.token().await.unwrap();
        harness.cache.invalidate(&token);
        assert_eq!((harness.token_text().await.as_str(), harness.calls()), (expected, calls));
    }
    harness.advance(30);
    harness.cache.invalidate(&harness.cache.token().await.unwrap());
    assert_eq!(harness.token_text().await, "t3");
}

#[tokio::test]
async fn rejection_during_a_refresh_waits_for_it() {
    let harness = Harness::new([]);
    let old = harness.cache.token().await.unwrap();
    harness.close_gate();
    harness.advance(2700);
    assert_eq!(harness.cache.token().await.unwrap(), old);
    harness.settle().await;
    harness.cache.invalidate(&old);
    assert_eq!(harness.cache.cached(), None);
    let waiting = tokio::spawn({
        let cache = harness.cache.clone();
        async move { cache.token().await.unwrap() }
    });
    harness.settle().await;
    harness.open_gate();
    assert_eq!(waiting.await.unwrap().secret(), "t2");
    assert_eq!(harness.calls(), 2);
}
