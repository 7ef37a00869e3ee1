//! See `tests/workspace-hack/Cargo.toml`.
