//! What is submitted, and how it is released.

use super::builder::Publish;
use crate::types::{Module, Timestamp};
use chrono::{DateTime, Utc};

/// # Publish options
impl Publish {
    /// Sets the notes for the certification team.
    pub fn certification_notes(mut self, notes: impl Into<String>) -> Self {
        self.options = self.options.set_certification_notes(notes);
        self
    }

    /// Sets whether the service promotes the preview by itself. Default: the service decides. With true,
    /// [`to_live`](Publish::to_live) waits for the promotion instead of requesting it.
    pub fn auto_promote(mut self, auto_promote: bool) -> Self {
        self.options = self.options.set_is_auto_promote(auto_promote);
        self
    }

    /// Sets whether the submission is released manually. Default: the service decides.
    pub fn manual_publish(mut self, manual_publish: bool) -> Self {
        self.options = self.options.set_is_manual_publish(manual_publish);
        self
    }

    /// Sets the time of the release. Default: as soon as possible.
    ///
    /// ```
    /// # fn example(client: partner_ingestion_sdk::Client) -> partner_ingestion_sdk::Publish {
    /// use chrono::{TimeZone, Utc};
    ///
    /// let release = Utc.with_ymd_and_hms(2027, 1, 15, 8, 0, 0).unwrap();
    /// client.publish("11111111-2222-3333-4444-555555555555").release_at(release)
    /// # }
    /// ```
    pub fn release_at(mut self, time: DateTime<Utc>) -> Self {
        self.options = self.options.set_release_time_in_utc(Timestamp::from(time));
        self
    }

    /// Submits the drafts of these modules only. Default: all modules. The service may demand that others go along; then its error
    /// names them.
    pub fn only_modules(mut self, modules: impl IntoIterator<Item = Module>) -> Self {
        self.modules = Some(modules.into_iter().collect());
        self
    }

    /// Submits the drafts of the offer and of the plans with these plan ids only. Default: all plans. A plan id that the offer does not
    /// have is an [`ErrorKind::InvalidArgument`](crate::ErrorKind::InvalidArgument) error.
    pub fn only_plans<P: Into<String>>(mut self, plan_ids: impl IntoIterator<Item = P>) -> Self {
        self.plans = Some(plan_ids.into_iter().map(Into::into).collect());
        self
    }
}
