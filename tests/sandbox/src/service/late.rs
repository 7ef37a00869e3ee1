//! The incident `late-resources`: new resources are missing for one processing delay.

use crate::contract::ValidRequest;
use crate::incident::Incident;
use crate::message::Reply;
use crate::model::Model;
use serde_json::Value;
use std::time::Duration;

/// Returns the additional time until the Package branch of a new plan is visible.
pub(super) fn additional_delay(model: &Model) -> Duration {
    if model.incidents.contains(&Incident::LateResources) { model.processing_delay } else { Duration::ZERO }
}

/// Hides a new resource during the incident.
pub(super) fn delay(model: &mut Model, id: &str) {
    let delay = additional_delay(model);
    if !delay.is_zero() {
        model.late.insert(id.to_owned(), model.clock.now() + delay);
    }
}

/// Returns 404 if the call names a resource that is not visible yet.
pub(super) fn refuse(model: &Model, call: &ValidRequest) -> Option<Reply> {
    let late = call.arguments.values().any(|id| is_late(model, id));
    late.then(|| Reply::not_found("resource").noted("incident late-resources"))
}

/// Removes the resources from a list that are not visible yet.
pub(super) fn hide(model: &Model, reply: &mut Reply) {
    let items = reply.body.as_mut().and_then(|body| body.get_mut("value")).and_then(Value::as_array_mut);
    if let Some(items) = items {
        items.retain(|item| !item.get("id").and_then(Value::as_str).is_some_and(|id| is_late(model, id)));
    }
}

fn is_late(model: &Model, id: &str) -> bool {
    model.late.get(id).is_some_and(|visible_at| model.clock.now() < *visible_at)
}
