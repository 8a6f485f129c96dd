//! Takes conditions out of rules, and tells which nobody would miss.

use std::collections::HashSet;
use std::path::PathBuf;
use std::time::Instant;

use indicatif::{ProgressBar, ProgressStyle};

use super::execute::{millis, pooled, shown, stands_below};
use super::sources::{self, Read};
use super::{Args, Stop};
use crate::author::bench::Bench;
use crate::author::mutate::{self, Asked, Survivor};
use crate::author::suite::Found;
use crate::cli::output::Terminal;
use crate::diag::{Diagnostic, codes};
use crate::engine::rego::trial::Test;
use crate::model::time::Time;
use crate::report::testing::{Mutation, SurvivorLine};

/// What is to be held against what.
pub(super) struct Target<'a> {
    pub(super) bench: &'a Bench,
    pub(super) cases: &'a [Found],
    pub(super) tests: &'a [&'a Test],
    pub(super) paths: &'a [PathBuf],
}

/// Takes out one condition after the other of what stands below the paths; where no policy does, of what
/// the cases name. What is wrong with comments comes beside.
pub(super) fn mutate(
    args: &Args,
    target: &Target<'_>,
    now: Time,
    read: &Read,
    terminal: &Terminal,
) -> Result<(Mutation, Vec<Diagnostic>), Stop> {
    let begun = Instant::now();
    let names = target.bench.bundle().files.iter().map(|file| file.source.name.as_str());
    let below: HashSet<&str> = names.filter(|name| stands_below(name, target.paths)).collect();
    let named: HashSet<&String> = target.cases.iter().flat_map(|found| &found.case.policies).collect();
    let only = |file: &str, rules: &[&str]| {
        let here = match (below.is_empty(), named.is_empty()) {
            (false, _) => below.contains(file),
            (true, false) => named.iter().any(|named| rules.contains(&named.as_str())),
            (true, true) => true,
        };
        let fits = |text: &String| file.contains(text) || rules.iter().any(|rule| rule.contains(text));
        here && args.filter.as_ref().is_none_or(fits)
    };
    let bar = ProgressBar::hidden();
    if let Ok(style) = ProgressStyle::with_template("{bar:40} {pos}/{len} conditions taken out") {
        bar.set_style(style);
    }
    if terminal.progress {
        bar.set_draw_target(indicatif::ProgressDrawTarget::stderr());
    }
    let asked = Asked {
        bench: target.bench,
        cases: target.cases,
        tests: target.tests,
        now,
        files: &|path| sources::fixture(path, read),
        only: &only,
        progress: &|all| {
            bar.set_length(u64::try_from(all).unwrap_or(u64::MAX));
            bar.inc(1);
        },
    };
    let found = pooled(|| mutate::run(&asked));
    bar.finish_and_clear();
    let Some(found) = found.map_err(|problems| Stop::Problems(problems, 10))? else {
        let message = "no rule has a condition that can be taken out";
        let hint = "name the folder of the policies, and with `--filter` a part of a rule's id or its file";
        return Err(Stop::Problems(vec![Diagnostic::error(codes::TEST_EMPTY, message).hint(hint)], 10));
    };
    let kept = found.survivors.iter().filter(|survivor| survivor.kept.is_some()).count();
    let mutation = Mutation {
        mutants: found.mutants,
        caught: found.caught,
        survived: found.survivors.len().saturating_sub(kept),
        kept,
        invalid: found.invalid,
        milliseconds: millis(begun.elapsed()),
        survivors: found.survivors.into_iter().map(line).collect(),
    };
    Ok((mutation, found.comments))
}

fn line(survivor: Survivor) -> SurvivorLine {
    let Survivor { location, line, was, becomes, rules, tried, kept } = survivor;
    SurvivorLine {
        file: shown(&location.file).to_owned(),
        line: location.line,
        column: location.column.unwrap_or(1),
        text: line,
        taken: was,
        becomes: becomes.to_owned(),
        rules,
        tried,
        kept,
    }
}
