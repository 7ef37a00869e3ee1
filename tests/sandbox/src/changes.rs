//! Notifications about new calls and changed resources, for the page and the state file.

use tokio::sync::watch;

/// What changed since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Version {
    /// The number of calls.
    pub(crate) calls: u64,
    /// The number of requests that may have changed a resource or a setting.
    pub(crate) account: u64,
    /// The number of resets.
    pub(crate) resets: u64,
    /// Whether the sandbox is stopping.
    pub(crate) stopping: bool,
}

pub(crate) struct Changes(watch::Sender<Version>);

impl Default for Changes {
    fn default() -> Self {
        Self(watch::Sender::new(Version::default()))
    }
}

impl Changes {
    pub(crate) fn call(&self) {
        self.0.send_modify(|version| version.calls += 1);
    }

    pub(crate) fn account(&self) {
        self.0.send_modify(|version| version.account += 1);
    }

    pub(crate) fn reset(&self) {
        self.0.send_modify(|version| {
            version.account += 1;
            version.resets += 1;
        });
    }

    pub(crate) fn stop(&self) {
        self.0.send_modify(|version| version.stopping = true);
    }

    pub(crate) fn now(&self) -> Version {
        *self.0.borrow()
    }

    pub(crate) fn subscribe(&self) -> watch::Receiver<Version> {
        self.0.subscribe()
    }
}

/// Waits until the sandbox stops.
pub(crate) async fn stopped(mut version: watch::Receiver<Version>) {
    // An error means that the sandbox was dropped.
    let _ = version.wait_for(|version| version.stopping).await;
}
