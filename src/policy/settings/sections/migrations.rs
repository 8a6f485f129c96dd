//! What migrations are told.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::never_null;
use crate::model::finding::Need;

over! {
    Migrations: unparsed;
}

/// SQL migrations.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "a mapping")]
#[schemars(transform = never_null)]
pub struct Migrations {
    /// What a statement needs that could not be understood.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unparsed: Option<Need>,
}
