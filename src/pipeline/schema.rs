//! The JSON Schemas (draft 2020-12) of everything that is read and written, generated from the
//! types that read and write it.

use schemars::{JsonSchema, SchemaGenerator, generate::SchemaSettings};

use super::record::Record;
use crate::author::case::Case;
use crate::author::explain::Explanation;
use crate::config::Raw;
use crate::model::decision::Decision;
use crate::model::evidence::Approval;
use crate::model::governance::{Override, Waiver};
use crate::model::input::Input;
use crate::model::plan::Plan;
use crate::model::review::Review;
use crate::policy::cel::Document;
use crate::policy::settings::Settings;
use crate::report::Report;
use crate::report::check::CheckReport;
use crate::report::testing::TestReport;

/// A schema.
#[derive(Clone, Copy, Debug)]
pub struct Schema {
    /// Name; its file is `schemas/<name>.schema.json`.
    pub name: &'static str,
    /// What it describes.
    pub about: &'static str,
    root: fn(SchemaGenerator) -> schemars::Schema,
}

impl Schema {
    /// The schema as pretty JSON, with a line break at its end.
    pub fn text(&self) -> String {
        let mut schema = (self.root)(SchemaSettings::draft2020_12().into_generator());
        // What the type is called is nobody's business.
        schema.insert("title".to_owned(), format!("Weighlock {}", self.name.replace('-', " ")).into());
        serde_json::to_string_pretty(&schema).unwrap_or_default() + "\n"
    }
}

fn of<T: JsonSchema>(generator: SchemaGenerator) -> schemars::Schema {
    generator.into_root_schema_for::<T>()
}

/// Every schema there is.
pub const SCHEMAS: &[Schema] = &[
    Schema { name: "approval", about: "one person's consent to one change", root: of::<Approval> },
    Schema { name: "case", about: "a unit test of policies", root: of::<Case> },
    Schema { name: "check-report", about: "what `check -o json` writes", root: of::<CheckReport> },
    Schema { name: "config", about: "the operator's file, weighlock.yaml", root: of::<Raw> },
    Schema { name: "decision", about: "a decision about one change", root: of::<Decision> },
    Schema {
        name: "decision-record",
        about: "a decision with everything it was made from",
        root: of::<Record>,
    },
    Schema { name: "explanation", about: "what `explain -o json` writes", root: of::<Explanation> },
    Schema { name: "input", about: "what `evaluate` reads", root: of::<Input> },
    Schema { name: "override", about: "an emergency exit for one change", root: of::<Override> },
    Schema { name: "plan", about: "the steps that follow from a decision", root: of::<Plan> },
    Schema { name: "policy", about: "rules in CEL, `kind: Policy`", root: of::<Document> },
    Schema { name: "report", about: "what `evaluate -o json` writes", root: of::<Report> },
    Schema { name: "review", about: "what a policy sees as `input`", root: of::<Review> },
    Schema { name: "settings", about: "what operators tell the shipped policies", root: of::<Settings> },
    Schema { name: "test-report", about: "what `test -o json` writes", root: of::<TestReport> },
    Schema { name: "waiver", about: "findings set aside for a while", root: of::<Waiver> },
];
