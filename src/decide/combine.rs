//! Makes one decision of what the rules said, what is enforced, and what people consented to.

use serde::Serialize;

use super::Options;
use super::enforce;
use super::evaluate::{Dependency, Judge, Judged, Ledger};
use super::fact::AUTHOR;
use super::freight;
use super::governance::{self, Governance, Quorum};
use super::output::indeterminate;
use crate::model::canonical;
use crate::model::decision::{
    ChangeSummary, CountedApproval, CountedOverride, Decision, Digests, GovernanceSummary, Missing,
    RejectedRecord, Verdict,
};
use crate::model::finding::{Effect, Finding, Need, SetAside};
use crate::model::id::Digest;
use crate::model::obligation;
use crate::model::review::Review;
use crate::model::time::Time;

/// Decides. INVARIANT: a finding only ever leaves the verdict's way by name: waived, overridden,
/// satisfied, or softened by the operator's own enforcement.
pub(super) fn combine(
    judge: &Judge,
    review: &Review,
    judged: &Judged,
    ledger: &Ledger<'_>,
    options: &Options,
    first: &[Dependency],
) -> Decision {
    let mut findings = judged.findings.clone();
    let obligations = match obligation::merge(judged.obligations.clone()) {
        Ok(obligations) => obligations,
        Err(conflict) => {
            findings.push(indeterminate("weighlock.obligations", conflict.to_string(), None));
            Vec::new()
        }
    };
    for (id, verdict) in first {
        if *verdict != Verdict::Allow {
            let (rule, message) = match review.change.depends_on.contains(id) {
                true => (
                    "weighlock.depends-on",
                    format!("waits for the change `{id}`, which goes first and is not allowed yet"),
                ),
                false => (
                    freight::RULE,
                    format!(
                        "waits for the change `{id}`, which is promoted together with it and is not allowed yet"
                    ),
                ),
            };
            findings.push(Finding { effect: Effect::Hold, ..indeterminate(rule, message, None) });
        }
    }
    for finding in &mut findings {
        let mode = enforce::mode(&options.enforcement, &finding.rule, review, options.now);
        enforce::soften(finding, mode);
    }
    let mut people = People::default();
    settle(&mut findings, review, ledger, options, &mut people);
    set_aside(&mut findings, judge, review, ledger, options, &mut people);
    people.rejected.sort();
    people.rejected.dedup();
    let mut missing = people.missing;
    dedup(&mut missing);
    sort(&mut findings);

    let counts = |effect: Effect| {
        findings.iter().any(|f| {
            f.effect == effect && f.waived.is_none() && f.overridden.is_none() && f.satisfied != Some(true)
        })
    };
    let denied = counts(Effect::Deny);
    let unjudged = counts(Effect::Indeterminate);
    let verdict = match (denied || unjudged, counts(Effect::Hold)) {
        (true, _) => Verdict::Deny,
        (false, true) => Verdict::Hold,
        (false, false) => Verdict::Allow,
    };
    let earliest = (verdict == Verdict::Hold).then(|| earliest(&missing)).flatten();
    if verdict != Verdict::Hold {
        missing.clear();
    }
    let mut unknown = judged.unknown.clone();
    // Whether or not a rule requires it, consent does.
    if governance::distrusted(review) && !unknown.iter().any(|u| u.fact == AUTHOR) {
        unknown.extend(review.unknown.iter().filter(|u| u.fact == AUTHOR).cloned());
    }
    for entry in &mut unknown {
        entry.required_by.sort();
        entry.required_by.dedup();
    }
    unknown.sort();
    people.approvals.sort_by(|a, b| (&a.by, &a.role).cmp(&(&b.by, &b.role)));
    people.approvals.dedup();
    let offered = (
        ledger.approvals.get(&review.change.digest),
        ledger.overrides.get(&review.change.digest),
        &ledger.digest,
        first,
    );
    let summary = GovernanceSummary {
        approvals: people.approvals,
        waivers: people.waivers,
        overrides: people.overrides,
        rejected: people.rejected,
        digest: canonical::digest(&offered).unwrap_or_else(|_| Digest::of(b"governance")),
        expires: people.expires,
    };
    let mut actions = judged.actions.clone();
    actions.sort_by(|a, b| (&a.id, &a.rule, &a.kind).cmp(&(&b.id, &b.rule, &b.kind)));
    let bundle = judge.bundle();
    let body = Body {
        change: summary_of(review),
        verdict,
        indeterminate: unjudged && !denied,
        asserted: options.asserted,
        simulated: options.simulated,
        replayable: judged.replayable,
        findings,
        obligations,
        actions,
        earliest,
        missing,
        governance: summary,
        unknown,
        digests: Digests {
            review: judged.review.clone().unwrap_or_else(|| Digest::of(b"")),
            bundle: bundle.digest.clone(),
            data: bundle.data_digest.clone(),
            engine: judge.version().to_owned(),
        },
    };
    body.seal()
}

/// A decision before it has an id.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Body {
    change: ChangeSummary,
    verdict: Verdict,
    indeterminate: bool,
    asserted: bool,
    simulated: bool,
    replayable: bool,
    findings: Vec<Finding>,
    obligations: Vec<obligation::Obligation>,
    actions: Vec<obligation::Action>,
    #[serde(skip_serializing_if = "Option::is_none")]
    earliest: Option<Time>,
    missing: Vec<Missing>,
    governance: GovernanceSummary,
    unknown: Vec<crate::model::review::Unknown>,
    digests: Digests,
}

impl Body {
    /// The digest of all but the places of findings: they follow from the policies, and are called as
    /// these were named from where somebody stood.
    fn digest(&mut self) -> Result<Digest, canonical::Error> {
        let places: Vec<_> = self.findings.iter_mut().map(|finding| finding.location.take()).collect();
        let digest = canonical::digest(&*self);
        for (finding, place) in self.findings.iter_mut().zip(places) {
            finding.location = place;
        }
        digest
    }

    /// Gives the decision its id. What has no canonical form was said by a policy, and is taken
    /// back as something that could not be judged.
    fn seal(mut self) -> Decision {
        let id = self.digest().unwrap_or_else(|_| {
            self.verdict = Verdict::Deny;
            self.indeterminate = true;
            self.obligations = Vec::new();
            self.actions = Vec::new();
            let message =
                "what the rules said cannot be written down exactly: a number beyond 2^53".to_owned();
            self.findings = vec![indeterminate("weighlock.decision", message, None)];
            self.digest().unwrap_or_else(|_| Digest::of(self.change.id.as_bytes()))
        });
        Decision {
            id,
            change: self.change,
            verdict: self.verdict,
            indeterminate: self.indeterminate,
            asserted: self.asserted,
            simulated: self.simulated,
            replayable: self.replayable,
            findings: self.findings,
            obligations: self.obligations,
            actions: self.actions,
            earliest: self.earliest,
            missing: self.missing,
            governance: self.governance,
            unknown: self.unknown,
            digests: self.digests,
        }
    }
}

#[derive(Default)]
struct People {
    approvals: Vec<CountedApproval>,
    waivers: Vec<String>,
    overrides: Vec<CountedOverride>,
    rejected: Vec<RejectedRecord>,
    missing: Vec<Missing>,
    expires: Option<Time>,
}

impl People {
    fn until(&mut self, expires: Time) {
        self.expires = Some(self.expires.map_or(expires, |first| first.min(expires)));
    }
}

/// Asks of every hold whether what it wants is there.
fn settle(
    findings: &mut Vec<Finding>,
    review: &Review,
    ledger: &Ledger<'_>,
    options: &Options,
    people: &mut People,
) {
    let approvals = ledger.approvals.get(&review.change.digest).map(Vec::as_slice).unwrap_or_default();
    let quorum = Quorum::new(approvals, &options.governance.roles, review, options.now);
    let mut senseless = Vec::new();
    for finding in findings.iter_mut().filter(|finding| finding.effect == Effect::Hold) {
        match quorum.settle(finding, review) {
            Ok(settled) => {
                finding.satisfied = Some(settled.satisfied);
                people.approvals.extend(settled.counted);
                if settled.satisfied {
                    settled.expires.into_iter().for_each(|expires| people.until(expires));
                } else {
                    people.missing.extend(settled.missing);
                }
            }
            Err(bad) => {
                senseless.push(indeterminate(
                    &finding.rule,
                    format!("could not be judged: {bad}"),
                    finding.location.clone(),
                ));
            }
        }
    }
    let holds = findings.iter().filter(|finding| finding.effect == Effect::Hold);
    let needs: Vec<_> = holds.filter_map(|finding| finding.needs.as_ref()).collect();
    people.rejected.extend(quorum.left_over(&needs, &people.approvals));
    findings.extend(senseless);
    people.rejected.extend(quorum.rejected);
    if people.missing.iter().any(asks_for_people) && governance::distrusted(review) {
        let message = "nobody can approve this change: `trust.facts` asks more trust of `change.author` than the document that names its author has";
        findings.push(Finding {
            effect: Effect::Hold,
            remediation: Some(
                "Have the change written into a file of `trust.inputs`, where only operators write."
                    .to_owned(),
            ),
            needs: Some(Need::Evidence(AUTHOR.to_owned())),
            satisfied: Some(false),
            ..indeterminate("weighlock.author", message.to_owned(), None)
        });
        people.missing.push(governance::missing_evidence(AUTHOR));
    }
}

/// Whether people could end a hold.
fn asks_for_people(missing: &Missing) -> bool {
    missing.approval.is_some() || missing.any.iter().flatten().any(asks_for_people)
}

/// Sets aside what waivers and overrides cover.
fn set_aside(
    findings: &mut [Finding],
    judge: &Judge,
    review: &Review,
    ledger: &Ledger<'_>,
    options: &Options,
    people: &mut People,
) {
    let governance: &Governance = &options.governance;
    let rules = judge.bundle();
    let waivable = |id: &str| rules.rules.iter().any(|rule| rule.id == id && rule.metadata.waivable);
    for finding in findings.iter_mut() {
        let open = matches!(finding.effect, Effect::Deny | Effect::Hold | Effect::Warn)
            && finding.satisfied != Some(true);
        if !open || ledger.waivers.is_empty() || !waivable(&finding.rule) {
            continue;
        }
        let usable =
            ledger.waivers.iter().filter_map(|i| governance.waivers.get(*i)).map(|offered| &offered.record);
        let mut fitting: Vec<_> =
            usable.filter(|waiver| governance::covers(waiver, finding, review)).collect();
        fitting.retain(|waiver| match governance::waiver_misuse(waiver, review) {
            None => true,
            Some(reason) => {
                let reason = reason.to_owned();
                people.rejected.push(RejectedRecord { record: waiver.id.clone(), reason });
                false
            }
        });
        if let Some(waiver) = fitting.into_iter().min_by_key(|w| &w.id) {
            finding.waived = Some(SetAside { by: waiver.id.clone(), expires: waiver.expires });
            people.waivers.push(waiver.id.clone());
            people.until(waiver.expires);
        }
    }
    people.waivers.sort();
    people.waivers.dedup();
    for offered in ledger.overrides.get(&review.change.digest).into_iter().flatten() {
        let record = &offered.record;
        if let Some(reason) = governance::override_fault(offered, governance, review, options.now) {
            people.rejected.push(RejectedRecord { record: record.id.clone(), reason });
            continue;
        }
        let ends = governance::override_ends(record);
        let mut used = false;
        for finding in findings.iter_mut() {
            let open =
                matches!(finding.effect, Effect::Deny | Effect::Hold) && finding.satisfied != Some(true);
            if open && finding.waived.is_none() && finding.overridden.is_none() {
                finding.overridden = Some(SetAside { by: record.id.clone(), expires: ends });
                used = true;
            }
        }
        if used {
            people.overrides.push(CountedOverride {
                id: record.id.clone(),
                by: record.by.clone(),
                reason: record.reason.clone(),
                ticket: record.ticket.clone(),
                review_due: record.review_due,
            });
            people.until(ends);
        }
    }
    people.overrides.sort_by(|a, b| a.id.cmp(&b.id));
}

/// The earliest instant at which nothing but time stands in the way.
fn earliest(missing: &[Missing]) -> Option<Time> {
    fn of(missing: &Missing) -> Option<Time> {
        if missing.any.is_empty() {
            return missing.time;
        }
        missing.any.iter().filter_map(|list| all(list)).min()
    }
    fn all(list: &[Missing]) -> Option<Time> {
        list.iter().map(of).try_fold(None, |latest: Option<Time>, time| {
            let time = time?;
            Some(Some(latest.map_or(time, |latest| latest.max(time))))
        })?
    }
    all(missing)
}

fn dedup(missing: &mut Vec<Missing>) {
    let mut kept: Vec<Missing> = Vec::new();
    for entry in missing.drain(..) {
        if !kept.contains(&entry) {
            kept.push(entry);
        }
    }
    *missing = kept;
}

/// Puts findings in a fixed order, each once: that the asset is not known is why others are there, and
/// comes first. What is the same to the byte was said twice.
fn sort(findings: &mut Vec<Finding>) {
    fn key(finding: &Finding) -> (Effect, bool, &str, Option<&str>, &str) {
        let follows = finding.rule != "weighlock.asset";
        (finding.effect, follows, &finding.rule, finding.path.as_deref(), &finding.message)
    }
    findings.sort_by(|a, b| key(a).cmp(&key(b)));
    // Only those that read the same are written out to be told apart.
    for same in findings.chunk_by_mut(|a, b| key(a) == key(b)).filter(|same| same.len() > 1) {
        same.sort_by_cached_key(|finding| canonical::to_vec(finding).unwrap_or_default());
    }
    findings.dedup();
}

fn summary_of(review: &Review) -> ChangeSummary {
    let change = &review.change;
    ChangeSummary {
        id: change.id.clone(),
        kind: change.kind,
        asset: review.asset.as_ref().map(|asset| asset.id.clone()),
        application: change.application.clone(),
        environment: review.context.environment.clone(),
        cluster: review.context.cluster.clone(),
        author: change.author.clone(),
        digest: change.digest.clone(),
    }
}
