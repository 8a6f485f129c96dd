//! What migrations are told.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::never_null;
use crate::model::finding::Need;

over! {
    Migrations: unparsed, approval, suppressible, versions;
}

/// SQL migrations.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "a mapping")]
#[schemars(transform = never_null)]
pub struct Migrations {
    /// What a statement needs that could not be understood.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unparsed: Option<Need>,
    /// What a removal needs of which there is no evidence that nothing reads it any more; one that is
    /// not named is denied.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approval: Option<BTreeMap<Removal, Need>>,
    /// Ids of rules whose denials a comment in the migration may silence. Warnings it always may.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suppressible: Option<BTreeSet<String>>,
    /// By engine, the oldest major version that runs anywhere: what is taken where a migration does not
    /// say for which version it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub versions: Option<BTreeMap<String, u32>>,
}

/// A rule about what destroys data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Removal {
    /// `migrations.drop_column`.
    DropColumn,
    /// `migrations.drop_schema`: schemas and databases.
    DropSchema,
    /// `migrations.drop_table`.
    DropTable,
    /// `migrations.truncate`.
    Truncate,
}

impl Removal {
    /// The word that settings use.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::DropColumn => "drop_column",
            Self::DropSchema => "drop_schema",
            Self::DropTable => "drop_table",
            Self::Truncate => "truncate",
        }
    }
}
