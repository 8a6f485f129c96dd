//! `weighlock completions`: completion scripts for shells.

use super::{Stop, command, output};

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
