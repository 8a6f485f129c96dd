//! Who can end a hold, and when time does.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::Serialize;

use crate::decide::Options;
use crate::model::decision::{CountedApproval, Decision, Missing, RejectedRecord};
use crate::model::input::same_person;
use crate::model::time::Time;

/// What ends a hold.
#[derive(Clone, Debug, Default, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Hold {
    /// Where nothing but time stands in the way: when it ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub earliest: Option<Time>,
    /// Times that it waits for.
    pub times: Vec<Time>,
    /// Facts that it waits for.
    pub evidence: Vec<String>,
    /// People whom it waits for, by role.
    pub people: Vec<People>,
    /// Whether some of these suffice, rather than all.
    pub alternatives: bool,
    /// Who has approved, in which role.
    pub given: Vec<CountedApproval>,
    /// Whose approval, waiver or override does not count, and why.
    pub rejected: Vec<RejectedRecord>,
}

/// People of a role.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct People {
    /// The role.
    pub role: String,
    /// How many more of them are needed.
    pub count: u32,
    /// Who of the operator's directory holds it and may still give it.
    pub may: Vec<String>,
    /// Who holds it and may not: the author, who asks for the change, who fills another place.
    pub may_not: Vec<String>,
}

impl Hold {
    /// What a decision waits for.
    pub(super) fn of(decision: &Decision, options: &Options) -> Self {
        let mut hold = Self {
            earliest: decision.earliest,
            given: decision.governance.approvals.clone(),
            rejected: decision.governance.rejected.clone(),
            ..Self::default()
        };
        decision.missing.iter().for_each(|missing| hold.add(missing, options));
        hold.times.sort();
        hold.times.dedup();
        hold.evidence.sort();
        hold.evidence.dedup();
        hold
    }

    fn add(&mut self, missing: &Missing, options: &Options) {
        self.times.extend(missing.time);
        self.evidence.extend(missing.evidence.clone());
        if let Some(need) = &missing.approval {
            let holders: BTreeSet<&String> = options
                .governance
                .roles
                .iter()
                .filter(|(_, roles)| roles.contains(&need.role))
                .map(|(person, _)| person)
                .collect();
            let barred = |person: &&&String| missing.not_by.iter().any(|other| same_person(other, person));
            let may =
                holders.iter().filter(|person| !barred(person)).map(|person| (*person).clone()).collect();
            let may_not = holders.iter().filter(barred).map(|person| (*person).clone()).collect();
            let people = People { role: need.role.clone(), count: need.count, may, may_not };
            if !self.people.contains(&people) {
                self.people.push(people);
            }
        }
        self.alternatives |= missing.any.len() > 1;
        missing.any.iter().flatten().for_each(|missing| self.add(missing, options));
    }
}
