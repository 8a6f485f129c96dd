# weighlock: allow evidence.unrequired because where a change that brings migrations goes otherwise, `strategy.blue_green` requires them

# METADATA
# title: Where nothing else is asked for, a few are replaced at a time
# description: >-
#   The plan waits until all that it replaces is ready again; what is not ready in time is taken back. Where
#   settings say `oblige`, a change is allowed only if its plan does this. A job runs when it runs, and nobody
#   waits for it.
# related_resources:
#   - "Kubernetes documentation, Performing a Rolling Update"
# custom:
#   severity: info
#   incidental: true
#   applies: {kinds: [image, promotion], assets: [workload]}
#   requires: [artifacts.digest, context.environment]
#   remediation: Let the plan wait until all is ready; the steps are asked for here.
package strategy.rolling

import data.lib.entries
import data.lib.rollout

rolling := entries.first(data.settings.strategy.rolling) if rollout.chosen == "rolling"

oblige contains {"kind": "rolling", "with": {"within": rolling.within}} if {
	rolling.oblige
	rollout.rolls
}

oblige contains rollout.duty(rolling.notify)

action contains step if {
	rolling
	some step in rollout.instead([])
}

action contains {
	"id": "wait",
	"kind": "kubernetes.waitRollout/v1",
	"with": {"asset": input.asset.id, "within": rolling.within},
	"after": rollout.deployed,
	"fulfils": ["rolling.within"],
} if {
	rollout.rolls
}

action contains rollout.tell(rolling.notify, waited)

waited := ["wait"] if rollout.rolls

else := rollout.deployed
