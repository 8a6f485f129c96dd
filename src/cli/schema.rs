//! `weighlock schema`: the JSON Schemas of everything that is read and written.

use super::Stop;
use super::completions::Names;
use super::output::{self, Terminal};
use crate::diag::{Diagnostic, codes, nearest};
use crate::pipeline::schema::{SCHEMAS, Schema};

/// Print the JSON Schema of a kind of document.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  weighlock schema
  weighlock schema input > input.schema.json")]
pub(crate) struct Args {
    /// Name of the schema; all names are listed where absent.
    #[arg(value_name = "NAME", long_help = names(), value_parser = NAMES, hide_possible_values = true)]
    name: Option<String>,
}

const NAMES: Names = Names(|| SCHEMAS.iter().map(|schema| schema.name).collect());

fn names() -> String {
    let list: Vec<String> =
        SCHEMAS.iter().map(|schema| format!("  {:<16} {}", schema.name, schema.about)).collect();
    format!("Name of the schema; all names are listed where absent:\n{}", list.join("\n"))
}

pub(crate) fn run(args: Args, _: &Terminal) -> Result<u8, Stop> {
    let Some(name) = args.name else {
        let list: String =
            SCHEMAS.iter().map(|schema| format!("{:<16} {}\n", schema.name, schema.about)).collect();
        output::print(&list)?;
        return Ok(0);
    };
    let Some(schema) = SCHEMAS.iter().find(|schema| schema.name == name) else {
        let problem = Diagnostic::error(codes::USAGE, format!("there is no schema `{name}`"));
        let hint = nearest(&name, SCHEMAS.iter().map(|schema| schema.name))
            .map(|near| format!("did you mean `{near}`?"));
        return Err(Diagnostic { hint, ..problem }.into());
    };
    output::print(&Schema::text(schema))?;
    Ok(0)
}
