//! What the libraries promise about loss, duplicates, leaks, hangs and wrong outcomes, and the test of each promise. Whole workflows with
//! random faults are in `simulation`, single faults of a call in `fault_table`.

use std::path::Path;

/// A promise, and the tests that show it: `file: test`, below the folder of the workspace.
type Row = (&'static str, &'static [&'static str]);

const ROWS: [Row; 26] = [
    (
        "no type that can hold a secret prints it",
        &[
            "tests/suite/tests/all/printed/mod.rs: debug_of_every_public_type_prints_no_secret",
            "tests/suite/tests/all/printed/generated.rs: debug_of_every_generated_type_prints_no_secret",
            "partner-auth/src/secret_leaks.rs: debug_of_every_public_type_prints_no_secret",
        ],
    ),
    (
        "every field with a signed address is secret, or listed with a reason",
        &["tests/suite/tests/all/signed_addresses.rs: addresses_and_keys_are_secret_or_listed_with_a_reason"],
    ),
    (
        "a change whose response was lost is made once, whatever else the service changes",
        &[
            "tests/suite/tests/all/upload_records.rs: a_change_of_an_image_whose_response_was_lost_is_made_once",
            "tests/suite/tests/all/upload_marks.rs: a_mark_of_an_image_whose_response_was_lost_is_recognized",
            "partner-ingestion-sdk/src/workflows/json_change.rs: only_what_was_changed_is_compared",
        ],
    ),
    (
        "a success without a usable body may have been processed",
        &[
            "tests/suite/tests/all/request_path.rs: success_without_a_valid_body_may_have_been_processed_unless_it_is_a_get",
            "tests/suite/tests/all/request_path.rs: the_bodies_of_promote_and_cancel_are_not_needed",
            "tests/suite/tests/all/ensure.rs: ensure_searches_after_a_success_that_cannot_be_decoded",
            "tests/suite/tests/all/publish_robust/lost_responses.rs: unusable_bodies_of_creation_promotion_and_cancellation_are_no_failures",
        ],
    ),
    (
        "a PUT keeps the parts that a GET returns only on request",
        &[
            "tests/suite/tests/all/lookup_and_modify.rs: modify_keeps_the_prices_of_an_availability",
            "tests/suite/tests/all/lookup_and_modify.rs: a_modified_availability_is_returned_with_its_prices",
        ],
    ),
    (
        "an ambiguous attempt is not forgotten when the next one gets no token",
        &[
            "tests/suite/tests/all/request_path.rs: an_ambiguous_attempt_is_not_forgotten_when_the_next_one_gets_no_token",
        ],
    ),
    (
        "requests to this machine use no proxy",
        &[
            "tests/suite/tests/all/connections.rs: loopback_addresses_use_no_configured_proxy",
            "partner-auth/src/source/builder.rs: loopback_addresses_use_no_proxy",
        ],
    ),
    (
        "no copy of a token remains in memory",
        &["partner-auth/src/entra/tests/zeroed.rs: no_copy_of_a_token_remains_in_memory"],
    ),
    (
        "a source of another length, or one that stalls, is an error",
        &[
            "tests/suite/tests/all/upload_records.rs: a_stream_of_another_length_is_not_uploaded",
            "tests/suite/tests/all/upload_records.rs: a_source_that_stalls_above_the_limit_of_a_request_ends_the_upload",
        ],
    ),
    (
        "`set_package` sets the package of every kind that has one, or fails",
        &[
            "partner-ingestion-sdk/src/model/ingestion/package_reference.rs: every_kind_with_a_package_gets_the_reference",
            "partner-ingestion-sdk/src/model/ingestion/package_reference.rs: a_test_drive_or_a_package_without_an_id_is_an_error",
            "tests/suite/tests/all/ids.rs: a_package_without_an_id_is_not_written_into_a_configuration",
        ],
    ),
    (
        "`publish` leaves no draft out silently",
        &[
            "tests/suite/tests/all/publish_robust/drafts.rs: plans_of_unknown_types_and_with_an_id_under_another_name_are_submitted",
            "tests/suite/tests/all/publish_robust/drafts.rs: branches_of_the_offer_and_the_package_branch_of_a_plan_are_waited_for",
            "tests/suite/tests/all/publish_robust/drafts.rs: a_plan_with_branches_that_the_list_leaves_out_is_submitted",
            "tests/suite/tests/all/publish_robust/drafts.rs: a_module_that_does_not_apply_to_the_product_is_none",
            "tests/suite/tests/all/publish_robust/drafts.rs: an_inactive_plan_without_branches_does_not_block_and_is_reported",
            "tests/suite/tests/all/publish_robust/drafts.rs: draft_and_submission_pick_the_same_branch_when_several_match",
            "tests/suite/tests/all/ensure.rs: ensure_variant_waits_until_the_list_shows_the_new_plan",
        ],
    ),
    (
        "the rate limiter is fair, reaches the allowed rate, and keeps the limits of each caller",
        &[
            "partner-ingestion-sdk/src/http/rate_limiter/simulation.rs: random_schedules_reach_the_allowed_rate_within_the_limits_of_callers",
            "partner-ingestion-sdk/src/http/rate_limiter/tests.rs: dropped_callers_give_their_slots_back",
            "partner-ingestion-sdk/src/http/rate_limiter/tests.rs: growth_applies_to_the_calls_that_wait_already",
            "partner-ingestion-sdk/src/http/rate_limiter/tests.rs: a_long_retry_after_of_one_call_pauses_the_others_for_a_minute_at_most",
            "partner-ingestion-sdk/src/http/rate_limiter/tests.rs: calls_start_in_the_order_of_their_arrival",
        ],
    ),
    (
        "no duration or number panics",
        &[
            "tests/suite/tests/all/extremes/numbers.rs: durations_and_numbers_of_zero_one_and_the_maximum_do_not_panic",
            "partner-auth/src/extremes/numbers.rs: durations_and_numbers_of_zero_one_and_the_maximum_do_not_panic",
        ],
    ),
    (
        "a POST without a body has a length",
        &[
            "tests/suite/tests/all/request_path.rs: every_method_with_a_body_has_a_content_length",
            "tests/suite/tests/all/request_path.rs: the_sandbox_answers_411_without_a_length",
        ],
    ),
    (
        "no response of a CI system panics",
        &[
            "partner-auth/src/credential/oidc_endpoint.rs: success_responses_without_an_assertion_are_errors_and_do_not_panic",
            "partner-auth/src/credential/oidc_endpoint.rs: random_responses_of_ci_systems_do_not_panic",
        ],
    ),
    (
        "an empty page does not end a search",
        &[
            "tests/suite/tests/all/ensure.rs: an_empty_first_page_does_not_hide_a_draft",
            "tests/suite/tests/all/pagination.rs: empty_page_does_not_end_a_list",
        ],
    ),
    (
        "base URLs and links are resolved correctly, and no path leaves the base URL",
        &[
            "tests/suite/tests/all/request_path.rs: a_base_url_of_a_host_only_has_no_second_slash",
            "tests/suite/tests/all/request_path.rs: paths_with_encoded_dots_are_not_sent",
            "partner-ingestion-sdk/src/http/raw.rs: resolves_links_relative_to_the_host",
        ],
    ),
    (
        "only a submission that is known to be in progress blocks, and nothing is submitted, cancelled or promoted twice",
        &[
            "tests/suite/tests/all/publish_robust/states.rs: archived_internal_and_unknown_submissions_do_not_block",
            "tests/suite/tests/all/publish_robust/states.rs: an_unknown_state_is_reported_and_does_not_end_the_wait_as_live",
            "tests/suite/tests/all/publish_robust/pending.rs: resuming_an_outdated_preview_promotes_once",
            "tests/suite/tests/all/publish_robust/pending.rs: cancelling_waits_until_the_submission_is_no_longer_in_progress",
            "tests/suite/tests/all/publish_robust/pending.rs: an_adopted_submission_has_exactly_the_drafts_of_this_run_and_the_event_says_so",
            "tests/suite/tests/all/publish_robust/lost_responses.rs: a_creation_whose_response_is_lost_is_looked_for_several_times",
            "tests/suite/tests/all/publish_robust/lost_responses.rs: a_promotion_whose_response_is_lost_is_looked_for_several_times",
            "tests/suite/tests/all/publish_robust/failures.rs: a_deadline_while_details_are_read_reports_the_failure",
        ],
    ),
    (
        "a date in Retry-After is relative to the clock of the service",
        &[
            "tests/suite/tests/all/request_path.rs: dates_in_retry_after_are_relative_to_the_date_of_the_response",
            "partner-auth/src/retry_after.rs: seconds_and_dates_are_read",
        ],
    ),
    (
        "a single 404 does not fail an upload, and a failed one is continued with its record",
        &[
            "tests/suite/tests/all/upload_records.rs: single_404_responses_do_not_fail_an_upload",
            "tests/suite/tests/all/upload_records.rs: a_package_is_marked_with_its_type",
            "tests/suite/tests/all/upload_records.rs: a_failed_upload_names_its_record_and_is_continued_with_it",
            "tests/suite/tests/all/upload_marks.rs: a_mark_of_a_package_whose_response_was_lost_is_recognized",
            "tests/suite/tests/all/upload_marks.rs: a_duplicate_is_replaced_by_the_first_package",
        ],
    ),
    (
        "a permanent conflict ends after a few rounds, and ids are compared without case",
        &[
            "partner-ingestion-sdk/src/workflows/modify.rs: a_permanent_conflict_ends_after_five_rounds",
            "tests/suite/tests/all/ensure.rs: offer_ids_and_plan_ids_are_compared_without_case",
        ],
    ),
    (
        "a POST does not use a connection that the front end may be closing",
        &[
            "tests/suite/tests/all/connections.rs: a_post_after_idling_uses_a_new_connection",
            "tests/suite/tests/all/connections.rs: a_post_that_was_never_written_was_not_processed",
        ],
    ),
    (
        "headers of a call replace others, and an empty 404 does not mean that a DELETE succeeded",
        &[
            "tests/suite/tests/all/request_path.rs: headers_of_a_call_replace_those_of_the_operation",
            "tests/suite/tests/all/request_path.rs: an_empty_404_does_not_mean_that_an_earlier_attempt_deleted_the_resource",
        ],
    ),
    (
        "messages are shortened before they are redacted, the delay is that of the next attempt, and files are checked before a record is created",
        &[
            "partner-ingestion-sdk/src/error/body.rs: messages_are_truncated_and_redacted",
            "partner-ingestion-sdk/src/error/redact.rs: secrets_are_replaced",
            "partner-ingestion-sdk/src/error/body.rs: delay_is_that_of_the_next_attempt_and_not_the_period_of_the_limit",
            "tests/suite/tests/all/request_path.rs: a_source_that_cannot_be_read_is_no_connection_error",
            "tests/suite/tests/all/upload_records.rs: a_directory_or_a_pipe_is_refused_before_a_record_is_created",
        ],
    ),
    (
        "nothing is created while the lists cannot be trusted",
        &[
            "tests/suite/tests/all/request_path.rs: a_repetition_is_suggested_only_where_it_is_safe",
            "tests/suite/tests/all/ensure.rs: ensure_product_creates_nothing_while_the_lists_contradict_each_other",
            "tests/suite/tests/all/ensure.rs: ensure_product_returns_the_offer_that_the_error_of_the_creation_names",
        ],
    ),
    (
        "a missing runtime is an error, and no lock is held while a file is read",
        &[
            "tests/suite/tests/all/request_path.rs: a_token_request_without_a_runtime_is_an_error",
            "partner-auth/src/cache/tests/lost_acquisitions.rs: without_a_runtime_a_caller_drives_the_refresh",
            "partner-auth/src/cache/tests/refresh.rs: the_version_of_a_credential_is_not_read_under_the_lock",
        ],
    ),
];

/// Returns the tests that do not exist.
fn missing<'t>(tests: impl IntoIterator<Item = &'t str>) -> Vec<&'t str> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let exists = |test: &&str| {
        let (file, name) = test.split_once(": ").unwrap();
        let source = std::fs::read_to_string(root.join(file)).unwrap_or_default();
        let text = source.replace(' ', "");
        text.contains(&format!("fn{name}()")) && text.contains("test")
    };
    tests.into_iter().filter(|test| !exists(test)).collect()
}

#[test]
fn every_promise_has_a_test() {
    assert_eq!(missing(ROWS.iter().flat_map(|(_, tests)| tests.iter().copied())), Vec::<&str>::new());
    assert!(ROWS.iter().all(|(promise, tests)| !promise.is_empty() && !tests.is_empty()));
    let planted = ["tests/suite/tests/all/ensure.rs: no_test", "no/file.rs: every_promise_has_a_test"];
    assert_eq!(missing(planted), planted);
}
