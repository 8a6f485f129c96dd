//! Dockerfiles, as far as they are judged.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Fact, Source, Time, Trust};

fact! {
    /// A Dockerfile, as a parser understood it.
    Dockerfile {
        /// Id of the asset that is built from it.
        pub asset: String,
        /// Path in its repository.
        pub file: String,
        /// Its stages, in order; the last one is what runs.
        pub stages: Vec<Stage>,
    }
}

/// A stage of a Dockerfile, with what it inherits from an earlier one.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "a mapping")]
pub struct Stage {
    /// What follows `FROM`: an image with its tag and digest, an earlier stage, or `scratch`; absent where
    /// an argument decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<String>,
    /// Whether its last `HEALTHCHECK` is a command; `HEALTHCHECK NONE` is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub healthcheck: Option<bool>,
    /// Its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its last `USER`, as it is written; absent where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
}
