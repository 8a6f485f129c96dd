//! The kinds of step that there are. Each is one file with its `SPEC`, and one line in [`DRIVERS`].
//!
//! A spec says what a step takes, gives, needs and can do; nothing here does anything. The plan room
//! checks steps against it, and help, schemas and `docs/reference/drivers.md` derive from it.

pub mod approval_wait;
pub mod argocd_sync;
pub mod build_dispatch;
pub mod compose_up;
pub mod custom_run;
pub mod flag_set;
pub mod flux_reconcile;
pub mod forge_merge;
pub mod forge_pull_request;
pub mod forge_status;
pub mod git_revert;
pub mod git_update;
pub mod helm_rollback;
pub mod helm_upgrade;
pub mod kubernetes_apply;
pub mod kubernetes_rollback;
pub mod kubernetes_set_image;
pub mod kubernetes_wait_rollout;
pub mod migration_apply;
pub mod migration_check;
pub mod notify_slack;
pub mod notify_webhook;
mod params;
mod reference;
pub mod registry_tag;
#[cfg(test)]
mod tests;
pub mod traffic_shift;
pub mod traffic_slots;
pub mod traffic_switch;
pub mod watch_canary;
pub mod watch_health;
pub mod watchtower_update;
pub mod weigh;

use crate::model::driver::Spec;

pub use reference::reference;

/// Every kind of step, sorted by kind.
pub const DRIVERS: &[Spec] = &[
    approval_wait::SPEC,
    argocd_sync::SPEC,
    build_dispatch::SPEC,
    compose_up::SPEC,
    custom_run::SPEC,
    flag_set::SPEC,
    flux_reconcile::SPEC,
    forge_merge::SPEC,
    forge_pull_request::SPEC,
    forge_status::SPEC,
    git_revert::SPEC,
    git_update::SPEC,
    helm_rollback::SPEC,
    helm_upgrade::SPEC,
    kubernetes_apply::SPEC,
    kubernetes_rollback::SPEC,
    kubernetes_set_image::SPEC,
    kubernetes_wait_rollout::SPEC,
    migration_apply::SPEC,
    migration_check::SPEC,
    notify_slack::SPEC,
    notify_webhook::SPEC,
    registry_tag::SPEC,
    traffic_shift::SPEC,
    traffic_slots::SPEC,
    traffic_switch::SPEC,
    watch_canary::SPEC,
    watch_health::SPEC,
    watchtower_update::SPEC,
    weigh::SPEC,
];

/// The spec of a kind of step.
pub fn find(kind: &str) -> Option<&'static Spec> {
    DRIVERS.iter().find(|spec| spec.kind == kind)
}
