//! The command line: one file a command, each with `Args` and `run`.
//!
//! Data goes to standard output, talk to standard error; colour and progress only to a terminal.
//! Here are the clock, the terminal and the environment; below here there is none of them.

mod approve;
mod check;
mod completions;
mod counts;
mod evaluate;
mod explain;
mod init;
mod output;
mod override_;
mod problems;
mod replay;
mod request;
mod review;
mod schema;
mod test;
mod waive;

use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};

use crate::diag::Diagnostic;
use crate::model::time::{Clock, Time};

/// Weighs proposed changes to running software against policies.
#[derive(Debug, Parser)]
#[command(
    name = "weighlock",
    version,
    about = "Weighs a proposed change to running software: allow, hold or deny, why, and what to do next.",
    after_help = "To begin with, in a copy of the sources:
  weighlock evaluate --trust-input examples/quickstart

Exit codes: 0 allowed or done, 1 internal error, 2 usage or unreadable input or policies, 10 denied
or failed, 11 on hold or obligations outstanding, 13 could not be judged.",
    max_term_width = 100,
    arg_required_else_help = true
)]
pub struct Cli {
    /// When to use colour: `auto` (on a terminal, unless `NO_COLOR` is set), `always` or `never`.
    #[arg(
        long,
        global = true,
        value_enum,
        default_value_t = Color::Auto,
        value_name = "WHEN",
        hide_possible_values = true,
        display_order = 900
    )]
    color: Color,
    #[command(subcommand)]
    command: Command,
}

/// When to use colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
enum Color {
    /// On a terminal, unless `NO_COLOR` is set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

#[derive(Debug, Subcommand)]
enum Command {
    Init(init::Args),
    Evaluate(evaluate::Args),
    Explain(explain::Args),
    Approve(approve::Args),
    Waive(waive::Args),
    Override(override_::Args),
    Replay(replay::Args),
    Review(review::Args),
    Test(test::Args),
    Check(check::Args),
    Schema(schema::Args),
    Completions(completions::Args),
}

/// What stopped a command.
pub(crate) enum Stop {
    /// Things that are wrong, and the exit code.
    Problems(Vec<Diagnostic>, u8),
    /// Whoever reads the output has gone away.
    Gone,
}

impl From<Vec<Diagnostic>> for Stop {
    fn from(problems: Vec<Diagnostic>) -> Self {
        Self::Problems(problems, 2)
    }
}

impl From<Diagnostic> for Stop {
    fn from(problem: Diagnostic) -> Self {
        Self::Problems(vec![problem], 2)
    }
}

/// The machine's clock, in whole milliseconds: finer than that, no decision depends on it.
#[derive(Debug)]
struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place where the time is read")]
    fn now(&self) -> Time {
        let now = Time::now();
        Time::from_millisecond(now.as_millisecond()).unwrap_or(now)
    }
}

/// Runs the command that the process was started with.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let terminal = output::Terminal::new(cli.color);
    let clock = SystemClock;
    let done = match cli.command {
        Command::Init(args) => init::run(args, &terminal),
        Command::Evaluate(args) => evaluate::run(args, &terminal, &clock),
        Command::Explain(args) => explain::run(args, &terminal, &clock),
        Command::Approve(args) => approve::run(args, &terminal, &clock),
        Command::Waive(args) => waive::run(args, &terminal, &clock),
        Command::Override(args) => override_::run(args, &terminal, &clock),
        Command::Replay(args) => replay::run(args, &terminal),
        Command::Review(args) => review::run(args, &terminal, &clock),
        Command::Test(args) => test::run(args, &terminal, &clock),
        Command::Check(args) => check::run(args, &terminal),
        Command::Schema(args) => schema::run(args, &terminal),
        Command::Completions(args) => completions::run(args),
    };
    match done {
        Ok(code) => ExitCode::from(code),
        Err(Stop::Gone) => ExitCode::SUCCESS,
        Err(Stop::Problems(problems, code)) => {
            problems::print(&problems, &terminal);
            ExitCode::from(code)
        }
    }
}

/// The whole command, for completions and reference pages.
pub fn command() -> clap::Command {
    Cli::command()
}
