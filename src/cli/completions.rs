//! `weighlock completions`: completion scripts for shells.

use std::ffi::OsStr;

use clap::builder::{PossibleValue, StringValueParser, TypedValueParser};
use clap::{Arg, Command, Error};

use super::{Stop, command, output};

/// Names that shells complete. Others are read as well, so that what is wrong with them is said in our
/// own words.
#[derive(Clone, Copy, Debug)]
pub(super) struct Names(pub(super) fn() -> Vec<&'static str>);

impl TypedValueParser for Names {
    type Value = String;

    fn parse_ref(&self, command: &Command, arg: Option<&Arg>, value: &OsStr) -> Result<String, Error> {
        StringValueParser::new().parse_ref(command, arg, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new((self.0)().into_iter().map(PossibleValue::new)))
    }
}

/// Print a completion script for a shell.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  weighlock completions bash > ~/.local/share/bash-completion/completions/weighlock
  weighlock completions zsh > \"${fpath[1]}/_weighlock\"
  weighlock completions fish > ~/.config/fish/completions/weighlock.fish")]
pub(crate) struct Args {
    /// The shell.
    #[arg(value_enum)]
    shell: clap_complete::Shell,
}

pub(crate) fn run(args: Args) -> Result<u8, Stop> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut command(), "weighlock", &mut script);
    output::print(&String::from_utf8_lossy(&script))?;
    Ok(0)
}
