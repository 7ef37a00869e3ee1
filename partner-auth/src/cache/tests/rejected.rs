//! 401: exactly the rejected token is dropped.

use super::*;

#[tokio::test]
async fn a_thousand_rejections_cost_one_token() {
    let stage = Stage::new([]);
    let old = stage.cache.token().await.unwrap();
    let tasks: Vec<_> = (0..1000)
        .map(|_| {
            let (cache, old) = (stage.cache.clone(), old.clone());
            tokio::spawn(async move {
                cache.invalidate(&old);
                cache.token().await.unwrap()
            })
        })
        .collect();
    for task in tasks {
        assert_eq!(task.await.unwrap().secret(), "t2");
    }
    assert_eq!(stage.calls(), 2);
}

#[tokio::test]
async fn a_late_rejection_of_an_old_token_drops_nothing() {
    let stage = Stage::new([]);
    let old = stage.cache.token().await.unwrap();
    stage.cache.invalidate(&old);
    assert_eq!(stage.text().await, "t2");
    stage.pass(1000);
    stage.cache.invalidate(&old);
    // The same text is the same token, however it came.
    stage.cache.invalidate(&AccessToken::new("t1").unwrap());
    assert_eq!((stage.text().await.as_str(), stage.calls()), ("t2", 2));
}

#[tokio::test]
async fn a_fresh_token_that_is_rejected_too_is_kept_for_a_while() {
    let stage = Stage::new([]);
    for (expected, calls) in [("t2", 2), ("t2", 2), ("t2", 2)] {
        let token = stage.cache.token().await.unwrap();
        stage.cache.invalidate(&token);
        assert_eq!((stage.text().await.as_str(), stage.calls()), (expected, calls));
    }
    stage.pass(30);
    stage.cache.invalidate(&stage.cache.token().await.unwrap());
    assert_eq!(stage.text().await, "t3");
}

#[tokio::test]
async fn a_rejection_during_a_renewal_joins_it() {
    let stage = Stage::new([]);
    let old = stage.cache.token().await.unwrap();
    stage.close_gate();
    stage.pass(2700);
    assert_eq!(stage.cache.token().await.unwrap(), old);
    stage.settle().await;
    stage.cache.invalidate(&old);
    assert_eq!(stage.cache.cached(), None);
    let waiting = tokio::spawn({
        let cache = stage.cache.clone();
        async move { cache.token().await.unwrap() }
    });
    stage.settle().await;
    stage.open_gate();
    assert_eq!(waiting.await.unwrap().secret(), "t2");
    assert_eq!(stage.calls(), 2);
}
