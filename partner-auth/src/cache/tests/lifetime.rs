//! Windows, renewals, failures, and what is remembered.

use super::*;

#[tokio::test]
async fn a_token_is_kept_and_renewed_ahead() {
    let stage = Stage::new([]);
    assert_eq!(stage.cache.cached(), None);
    assert_eq!(stage.text().await, "t1");
    stage.pass(2699);
    assert_eq!(stage.text().await, "t1");
    assert_eq!(stage.calls(), 1);
    stage.pass(1);
    assert_eq!(stage.text().await, "t1", "the old token is served while the new one is on its way");
    stage.settle().await;
    assert_eq!((stage.text().await, stage.calls()), ("t2".to_owned(), 2));
}

#[tokio::test]
async fn refresh_in_is_honoured() {
    let stage = Stage::new([Answer::Token(86_400, Some(100))]);
    stage.text().await;
    stage.pass(99);
    assert!(stage.cache.cached().is_some());
    stage.pass(1);
    assert_eq!(stage.cache.cached(), None, "the renewal is due");
}

#[tokio::test]
async fn nobody_waits_while_a_token_is_valid() {
    for age in [2700, 3000, 3541, 3599] {
        let stage = Stage::new([]);
        stage.text().await;
        stage.close_gate();
        stage.pass(age);
        for _ in 0..1000 {
            // A future that is ready at once waited for nothing.
            let token = futures_util::FutureExt::now_or_never(stage.cache.token());
            assert_eq!(token.unwrap().unwrap().secret(), "t1");
        }
        stage.settle().await;
        assert_eq!(stage.calls(), 2, "one renewal is under way");
        assert!(stage.cache.cached().is_some(), "and readers need no lock");
    }
}

#[tokio::test]
async fn an_expired_token_is_never_served() {
    let stage = Stage::new([Answer::Token(100, None), Answer::Fail(transient())]);
    let first = stage.cache.token().await.unwrap();
    assert_eq!(first.expires_at().unwrap(), stage.clock.now() + Duration::from_secs(100));
    stage.pass(100);
    assert_eq!(stage.cache.cached(), None);
    assert!(stage.cache.token().await.unwrap_err().same(&stage.cache.token().await.unwrap_err()));
    assert_eq!(stage.calls(), 2);
}

#[tokio::test]
async fn short_lives_are_no_busy_loop() {
    let stage = Stage::new([]);
    stage.issuer.script.lock().unwrap().extend([const { Answer::Token(299, None) }; 2]);
    for _ in 0..1000 {
        stage.text().await;
    }
    assert_eq!(stage.calls(), 1);
    for _ in 0..298 {
        stage.pass(1);
        stage.text().await;
        stage.settle().await;
    }
    assert_eq!(stage.calls(), 2, "at most two requests over the life of a token");

    // Tokens of a second: at most one request a second.
    let stage = Stage::new(std::iter::repeat_n(Answer::Token(1, None), 1000));
    for _ in 0..1000 {
        stage.text().await;
        stage.clock.advance(Duration::from_millis(100));
        stage.settle().await;
    }
    assert!((99..=101).contains(&stage.calls()), "{}", stage.calls());
}

#[tokio::test]
async fn a_token_that_arrives_expired_is_an_error() {
    let stage = Stage::new([Answer::Token(5, None)]);
    stage.close_gate();
    let waiting = tokio::spawn({
        let stage = stage.clone();
        async move { stage.cache.token().await }
    });
    stage.settle().await;
    stage.pass(6);
    stage.open_gate();
    let error = waiting.await.unwrap().unwrap_err();
    assert!(error.to_string().contains("expired when it arrived"), "{error}");
    for _ in 0..1000 {
        assert!(stage.cache.token().await.is_err());
    }
    assert_eq!(stage.calls(), 1, "no busy loop");
    stage.pass(1);
    assert_eq!(stage.text().await, "t2");
}

#[tokio::test]
async fn the_old_token_is_served_while_renewals_fail() {
    let stage = Stage::new([Answer::Token(HOUR, None)]);
    stage.text().await;
    stage.issuer.script.lock().unwrap().extend(std::iter::repeat_n(Answer::Fail(permanent()), 1000));
    stage.pass(2700);
    let mut starts = Vec::new();
    for second in 0..900 {
        let before = stage.calls();
        assert_eq!(stage.text().await, "t1");
        stage.settle().await;
        if stage.calls() > before {
            starts.push(second);
        }
        stage.pass(1);
    }
    let pauses: Vec<i32> = starts.windows(2).map(|pair| pair[1] - pair[0]).collect();
    // Drawn from the upper half of 30, 60, 120, 240, 300 seconds; at most 5 in the last minute.
    for (pause, longest) in pauses.iter().zip([30, 60, 120, 240]) {
        assert!((longest / 2..=longest + 1).contains(pause), "{pauses:?}");
    }
    assert!(starts.contains(&840), "{starts:?}");
    let last_minute = starts.iter().zip(&pauses).filter(|(start, _)| **start >= 840);
    assert!(last_minute.clone().count() > 10 && last_minute.clone().all(|(_, pause)| *pause <= 6), "{pauses:?}");
    assert!(stage.cache.status().last_error.is_some());
    // Then it is over.
    assert_eq!(stage.cache.token().await.unwrap_err().kind(), ErrorKind::Credential);
}

#[tokio::test]
async fn a_wish_of_the_service_is_kept_while_renewals_fail() {
    let stage = Stage::new([Answer::Token(HOUR, None), Answer::Fail(throttled(600))]);
    stage.text().await;
    stage.pass(2700);
    for _ in 0..600 {
        stage.text().await;
        stage.settle().await;
        assert_eq!(stage.calls(), 2);
        stage.pass(1);
    }
    stage.text().await;
    stage.settle().await;
    assert_eq!(stage.text().await, "t3");
}

#[tokio::test]
async fn sources_recover_from_outages() {
    for seed in 0..100 {
        let mut rng = fastrand::Rng::with_seed(seed);
        let outage = rng.usize(1..20);
        let stage = Stage::new(std::iter::repeat_with(|| Answer::Fail(transient())).take(outage));
        let mut served = false;
        for _ in 0..outage + 1 {
            served = stage.cache.token().await.is_ok();
            stage.pass(1);
        }
        assert!(served, "{outage} failures, then a token within one pause");
    }
}

#[tokio::test]
async fn a_refusal_is_remembered_for_a_minute() {
    let stage = Stage::new(std::iter::repeat_with(|| Answer::Fail(permanent())).take(10));
    let first = stage.cache.token().await.unwrap_err();
    for _ in 0..100_000 {
        assert!(stage.cache.token().await.unwrap_err().same(&first));
    }
    assert_eq!(stage.calls(), 1);
    stage.pass(60);
    assert!(!stage.cache.token().await.unwrap_err().same(&first));
    assert_eq!(stage.calls(), 2);
    // A new credential is tried at once; so is the old one when somebody says that the cause is gone.
    stage.issuer.version.fetch_add(1, Ordering::SeqCst);
    assert!(stage.cache.token().await.is_err());
    assert_eq!(stage.calls(), 3);
    stage.cache.forget_error();
    assert!(stage.cache.token().await.is_err());
    assert_eq!(stage.calls(), 4);
}

#[tokio::test]
async fn throttling_is_remembered_as_long_as_asked_for_and_an_hour_at_most() {
    for (wish, remembered) in [(60, 60), (1_000_000, 3600), (0, 1)] {
        let stage = Stage::new([Answer::Fail(throttled(wish))]);
        assert!(stage.cache.token().await.is_err());
        stage.clock.advance(Duration::from_secs(remembered) - Duration::from_millis(1));
        assert!(stage.cache.token().await.is_err());
        assert_eq!(stage.calls(), 1);
        stage.clock.advance(Duration::from_millis(1));
        assert_eq!(stage.text().await, "t2");
    }
}

#[tokio::test]
async fn the_wall_clock_decides_nothing() {
    let stage = Stage::new([]);
    stage.text().await;
    for wall in [stage.clock.wall() + Duration::from_secs(86_400), std::time::SystemTime::UNIX_EPOCH] {
        stage.clock.set_wall(wall);
        assert!(stage.cache.cached().is_some());
    }
    assert_eq!(stage.calls(), 1);
}

#[tokio::test]
async fn tokens_for_long_work() {
    let stage = Stage::new([]);
    let minutes = |minutes: u64| Duration::from_secs(minutes * 60);
    assert_eq!(stage.cache.token_valid_for(minutes(50)).await.unwrap().secret(), "t1");
    stage.pass(20 * 60);
    assert_eq!(stage.cache.token_valid_for(minutes(40)).await.unwrap().secret(), "t1");
    assert_eq!(stage.cache.token_valid_for(minutes(50)).await.unwrap().secret(), "t2");
    let error = stage.cache.token_valid_for(minutes(90)).await.unwrap_err();
    assert_eq!((error.kind(), stage.calls()), (ErrorKind::Config, 2));
    // When the renewal fails, its error is the answer, and the token stays.
    stage.pass(30 * 60);
    stage.issuer.script.lock().unwrap().push_back(Answer::Fail(transient()));
    let error = stage.cache.token_valid_for(minutes(50)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Transient);
    assert_eq!(stage.text().await, "t2");
}

#[tokio::test]
async fn an_issuer_with_a_cache_of_its_own() {
    let stage = Stage::new([Answer::Same("x"), Answer::Same("x"), Answer::Same("y")]);
    assert_eq!(stage.text().await, "x");
    stage.pass(2700);
    stage.text().await;
    stage.settle().await;
    assert_eq!(stage.calls(), 2);
    for _ in 0..10 {
        stage.text().await;
        stage.settle().await;
        assert_eq!(stage.calls(), 2, "it is not asked again at once");
        stage.pass(1);
    }
    stage.pass(30);
    stage.text().await;
    stage.settle().await;
    assert_eq!(stage.text().await, "y");
}

#[tokio::test]
async fn the_status_tells_it_all() {
    let stage = Stage::new([Answer::Fail(permanent())]);
    let status = stage.cache.status();
    assert_eq!((status.expires_in, status.generation, status.flights, status.requesting), (None, 0, 0, false));
    stage.cache.token().await.unwrap_err();
    assert_eq!(stage.cache.status().last_error.unwrap().kind(), ErrorKind::Credential);
    stage.cache.forget_error();
    assert!(stage.cache.status().last_error.is_none());
    stage.text().await;
    stage.pass(600);
    let status = stage.cache.status();
    assert_eq!(status.expires_in, Some(Duration::from_secs(3000)));
    assert_eq!(status.renews_in, Some(Duration::from_secs(2100)));
    assert_eq!((status.generation, status.flights, status.requesting), (1, 2, false));
    assert!(status.last_error.is_none());
    stage.close_gate();
    stage.pass(2100);
    stage.text().await;
    assert!(stage.cache.status().requesting);
    assert_eq!(stage.cache.status().renews_in, None);
}
