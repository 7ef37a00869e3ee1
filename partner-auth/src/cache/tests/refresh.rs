//! Refresh windows, failed refreshes and cached errors.

use super::*;

#[tokio::test]
async fn token_is_cached_and_refreshed_before_expiry() {
    let harness = Harness::new([]);
    assert_eq!(harness.cache.cached(), None);
    assert_eq!(harness.token_text().await, "t1");
    harness.advance(2699);
    assert_eq!(harness.token_text().await, "t1");
    assert_eq!(harness.calls(), 1);
    harness.advance(1);
    assert_eq!(harness.token_text().await, "t1", "returns the old token while the refresh is in progress");
    harness.settle().await;
    assert_eq!((harness.token_text().await, harness.calls()), ("t2".to_owned(), 2));
}

#[tokio::test]
async fn honors_refresh_in() {
    let harness = Harness::new([Response::Token(86_400, Some(100))]);
    harness.token_text().await;
    harness.advance(99);
    assert!(harness.cache.cached().is_some());
    harness.advance(1);
    assert_eq!(harness.cache.cached(), None, "refresh is due");
}

#[tokio::test]
async fn never_waits_while_a_token_is_valid() {
    for age in [2700, 3000, 3541, 3599] {
        let harness = Harness::new([]);
        harness.token_text().await;
        harness.close_gate();
        harness.advance(age);
        for _ in 0..1000 {
            // A future that is immediately ready did not wait.
            let token = futures_util::FutureExt::now_or_never(harness.cache.token());
            assert_eq!(token.unwrap().unwrap().secret(), "t1");
        }
        harness.settle().await;
        assert_eq!(harness.calls(), 2, "one refresh is in progress");
        assert!(harness.cache.cached().is_some(), "readers take no lock");
    }
}

#[tokio::test]
async fn never_returns_an_expired_token() {
    let harness = Harness::new([Response::Token(100, None), Response::Error(transient())]);
    let first = harness.cache.token().await.unwrap();
    assert_eq!(first.expires_at().unwrap(), harness.clock.now() + Duration::from_secs(100));
    harness.advance(100);
    assert_eq!(harness.cache.cached(), None);
    assert!(harness.cache.token().await.unwrap_err().ptr_eq(&harness.cache.token().await.unwrap_err()));
    assert_eq!(harness.calls(), 2);
}

#[tokio::test]
async fn short_lifetimes_cause_no_busy_loop() {
    let harness = Harness::new([]);
    harness.issuer.script.lock().unwrap().extend([const { Response::Token(299, None) }; 2]);
    for _ in 0..1000 {
        harness.token_text().await;
    }
    assert_eq!(harness.calls(), 1);
    for _ in 0..298 {
        harness.advance(1);
        harness.token_text().await;
        harness.settle().await;
    }
    assert_eq!(harness.calls(), 2, "at most two requests during the lifetime of a token");

    // Lifetime of one second: at most one request per second.
    let harness = Harness::new(std::iter::repeat_n(Response::Token(1, None), 1000));
    for _ in 0..1000 {
        harness.token_text().await;
        harness.clock.advance(Duration::from_millis(100));
        harness.settle().await;
    }
    assert!((99..=101).contains(&harness.calls()), "{}", harness.calls());
}

#[tokio::test]
async fn token_that_expires_before_it_arrives_is_an_error() {
    let harness = Harness::new([Response::Token(5, None)]);
    harness.close_gate();
    let waiting = tokio::spawn({
        let harness = harness.clone();
        async move { harness.cache.token().await }
    });
    harness.settle().await;
    harness.advance(6);
    harness.open_gate();
    let error = waiting.await.unwrap().unwrap_err();
    assert!(error.to_string().contains("expired before it arrived"), "{error}");
    for _ in 0..1000 {
        assert!(harness.cache.token().await.is_err());
    }
    assert_eq!(harness.calls(), 1, "no busy loop");
    harness.advance(1);
    assert_eq!(harness.token_text().await, "t2");
}

#[tokio::test]
async fn returns_the_old_token_while_refreshes_fail() {
    let harness = Harness::new([Response::Token(HOUR, None)]);
    harness.token_text().await;
    harness.issuer.script.lock().unwrap().extend(std::iter::repeat_n(Response::Error(permanent()), 1000));
    harness.advance(2700);
    let mut starts = Vec::new();
    for second in 0..900 {
        let before = harness.calls();
        assert_eq!(harness.token_text().await, "t1");
        harness.settle().await;
        if harness.calls() > before {
            starts.push(second);
        }
        harness.advance(1);
    }
    let delays: Vec<i32> = starts.windows(2).map(|pair| pair[1] - pair[0]).collect();
    // Between half and all of 30, 60, 120, 240 and 300 seconds; at most 5 in the last minute.
    for (delay, max) in delays.iter().zip([30, 60, 120, 240]) {
        assert!((max / 2..=max + 1).contains(delay), "{delays:?}");
    }
    assert!(starts.contains(&840), "{starts:?}");
    let last_minute = starts.iter().zip(&delays).filter(|(start, _)| **start >= 840);
    assert!(last_minute.clone().count() > 10 && last_minute.clone().all(|(_, delay)| *delay <= 6), "{delays:?}");
    assert!(harness.cache.status().last_error.is_some());
    // The token has expired.
    assert_eq!(harness.cache.token().await.unwrap_err().kind(), ErrorKind::Credential);
}

#[tokio::test]
async fn honors_retry_after_while_refreshes_fail() {
    let harness = Harness::new([Response::Token(HOUR, None), Response::Error(throttled(600))]);
    harness.token_text().await;
    harness.advance(2700);
    for _ in 0..600 {
        harness.token_text().await;
        harness.settle().await;
        assert_eq!(harness.calls(), 2);
        harness.advance(1);
    }
    harness.token_text().await;
    harness.settle().await;
    assert_eq!(harness.token_text().await, "t3");
}

#[tokio::test]
async fn recovers_from_outages() {
    for seed in 0..100 {
        let mut rng = fastrand::Rng::with_seed(seed);
        let outage = rng.usize(1..20);
        let harness = Harness::new(std::iter::repeat_with(|| Response::Error(transient())).take(outage));
        let mut succeeded = false;
        for _ in 0..outage + 1 {
            succeeded = harness.cache.token().await.is_ok();
            harness.advance(1);
        }
        assert!(succeeded, "{outage} failures, then a token within one backoff");
    }
}

#[tokio::test]
async fn permanent_error_is_cached_for_a_minute() {
    let harness = Harness::new(std::iter::repeat_with(|| Response::Error(permanent())).take(10));
    let first = harness.cache.token().await.unwrap_err();
    for _ in 0..100_000 {
        assert!(harness.cache.token().await.unwrap_err().ptr_eq(&first));
    }
    assert_eq!(harness.calls(), 1);
    harness.advance(60);
    assert!(!harness.cache.token().await.unwrap_err().ptr_eq(&first));
    assert_eq!(harness.calls(), 2);
    // A new credential is used immediately, as is the old one after `clear_error`.
    harness.issuer.version.fetch_add(1, Ordering::SeqCst);
    assert!(harness.cache.token().await.is_err());
    assert_eq!(harness.calls(), 3);
    harness.cache.clear_error();
    assert!(harness.cache.token().await.is_err());
    assert_eq!(harness.calls(), 4);
}

#[tokio::test]
async fn throttling_error_is_cached_for_retry_after_up_to_an_hour() {
    for (retry_after, cached_for) in [(60, 60), (1_000_000, 3600), (0, 1)] {
        let harness = Harness::new([Response::Error(throttled(retry_after))]);
        assert!(harness.cache.token().await.is_err());
        harness.clock.advance(Duration::from_secs(cached_for) - Duration::from_millis(1));
        assert!(harness.cache.token().await.is_err());
        assert_eq!(harness.calls(), 1);
        harness.clock.advance(Duration::from_millis(1));
        assert_eq!(harness.token_text().await, "t2");
    }
}

#[tokio::test]
async fn ignores_changes_of_the_wall_clock() {
    let harness = Harness::new([]);
    harness.token_text().await;
    for wall in [harness.clock.wall() + Duration::from_secs(86_400), std::time::SystemTime::UNIX_EPOCH] {
        harness.clock.set_wall(wall);
        assert!(harness.cache.cached().is_some());
    }
    assert_eq!(harness.calls(), 1);
}

#[tokio::test]
async fn token_valid_for_refreshes_tokens_that_expire_too_early() {
    let harness = Harness::new([]);
    let minutes = |minutes: u64| Duration::from_secs(minutes * 60);
    assert_eq!(harness.cache.token_valid_for(minutes(50)).await.unwrap().secret(), "t1");
    harness.advance(20 * 60);
    assert_eq!(harness.cache.token_valid_for(minutes(40)).await.unwrap().secret(), "t1");
    assert_eq!(harness.cache.token_valid_for(minutes(50)).await.unwrap().secret(), "t2");
    let error = harness.cache.token_valid_for(minutes(90)).await.unwrap_err();
    assert_eq!((error.kind(), harness.calls()), (ErrorKind::Config, 2));
    // If the refresh fails, its error is returned and the token is kept.
    harness.advance(30 * 60);
    harness.issuer.script.lock().unwrap().push_back(Response::Error(transient()));
    let error = harness.cache.token_valid_for(minutes(50)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Transient);
    assert_eq!(harness.token_text().await, "t2");
}

#[tokio::test]
async fn backs_off_if_the_issuer_returns_the_same_token() {
    let harness = Harness::new([Response::SameToken("x"), Response::SameToken("x"), Response::SameToken("y")]);
    assert_eq!(harness.token_text().await, "x");
    harness.advance(2700);
    harness.token_text().await;
    harness.settle().await;
    assert_eq!(harness.calls(), 2);
    for _ in 0..10 {
        harness.token_text().await;
        harness.settle().await;
        assert_eq!(harness.calls(), 2, "not requested again immediately");
        harness.advance(1);
    }
    harness.advance(30);
    harness.token_text().await;
    harness.settle().await;
    assert_eq!(harness.token_text().await, "y");
}

#[tokio::test]
async fn status_reports_token_and_acquisitions() {
    let harness = Harness::new([Response::Error(permanent())]);
    let status = harness.cache.status();
    assert_eq!((status.expires_in, status.generation, status.acquisitions, status.refreshing), (None, 0, 0, false));
    harness.cache.token().await.unwrap_err();
    assert_eq!(harness.cache.status().last_error.unwrap().kind(), ErrorKind::Credential);
    harness.cache.clear_error();
    assert!(harness.cache.status().last_error.is_none());
    harness.token_text().await;
    harness.advance(600);
    let status = harness.cache.status();
    assert_eq!(status.expires_in, Some(Duration::from_secs(3000)));
    assert_eq!(status.refreshes_in, Some(Duration::from_secs(2100)));
    assert_eq!((status.generation, status.acquisitions, status.refreshing), (1, 2, false));
    assert!(status.last_error.is_none());
    harness.close_gate();
    harness.advance(2100);
    harness.token_text().await;
    assert!(harness.cache.status().refreshing);
    assert_eq!(harness.cache.status().refreshes_in, None);
}

/// The version of a token file is read from the file system.
#[tokio::test]
async fn the_version_of_a_credential_is_not_read_under_the_lock() {
    let harness = Harness::new([Response::Error(permanent())]);
    harness.cache.token().await.unwrap_err();
    harness.cache.token().await.unwrap_err();
    harness.issuer.version.fetch_add(1, Ordering::SeqCst);
    harness.token_text().await;
    harness.advance(2700);
    harness.token_text().await;
    assert!(!harness.issuer.version_under_lock.load(Ordering::SeqCst));
}
