# weighlock: allow evidence.unrequired because where a change that brings migrations goes otherwise, `strategy.blue_green` requires them

# METADATA
# title: Production sees a canary first
# description: >-
#   A change there is allowed only if its plan shows it to a part of the traffic, watches it, and
#   takes it back when it does badly. The steps that do this are asked for here too: greater parts
#   follow, each watched, before it takes the place of what runs. Jobs and daemons have no traffic and are
#   rolled out as `strategy.rolling` says; a bare pod has nothing beside which another could be put.
# related_resources:
#   - "Google, Site Reliability Workbook (2018), 16 Canarying Releases: https://sre.google/workbook/canarying-releases/"
# custom:
#   severity: medium
#   incidental: true
#   applies: {kinds: [image, promotion], assets: [pod, workload]}
#   requires: [artifacts.digest, context.environment]
#   remediation: Let the plan shift a part of the traffic and watch it; the steps are asked for here.
package strategy.canary

import data.lib.entries
import data.lib.rollout

canary := entries.first(data.settings.strategy.canary) if {
	rollout.chosen == "canary"
	input.asset.kind == "workload"
}

deny contains finding if {
	input.asset.kind == "pod"
	rollout.chosen == "canary"
	finding := {
		"msg": sprintf("a bare pod in `%s` cannot be shown to a part of the traffic", [input.context.environment]),
		"path": "/asset/kind",
		"remediation": "Make it a Deployment, which is rolled out and taken back.",
	}
}

oblige contains {"kind": "canary", "with": object.union({"trafficPercent": canary.trafficPercent}, watched)}

oblige contains rollout.duty(canary.notify)

# Beside what runs, with the part of the traffic that settings give it …
action contains step if {
	canary
	some artifact in rollout.changed
	beside := object.union(rollout.container(artifact), {"asset": sprintf("%s-canary", [input.asset.id])})
	step := rollout.set_image(rollout.named("deploy-canary", artifact), beside, artifact, [])
}

action contains object.union(shift("shift-canary", canary.trafficPercent, [rollout.named("deploy-canary", artifact) | some artifact in rollout.changed]), {
	"expect": {"weights": {"stable": 100, "canary": 0}},
	"fulfils": ["canary.trafficPercent"],
})

action contains object.union(watch("watch-canary", canary["for"], ["shift-canary"]), {
	"fulfils": [sprintf("canary.%s", [name]) | some name, _ in watched],
})

# … then with more of it, a part at a time …
action contains step if {
	some i, share in shares
	step := shift(sprintf("shift-%d", [share.trafficPercent]), share.trafficPercent, [watch_before(i)])
}

action contains step if {
	some share in shares
	step := watch(sprintf("watch-%d", [share.trafficPercent]), object.get(share, "for", canary["for"]), [sprintf("shift-%d", [share.trafficPercent])])
}

# … and, when that went well, in the place of what runs.
action contains step if some step in rollout.instead([watch_before(count(shares))])

action contains {
	"id": "shift-back",
	"kind": "traffic.shift/v1",
	"with": weights(0),
	"after": rollout.deployed,
} if canary

action contains rollout.tell(canary.notify, ["shift-back"])

shares := object.get(canary, "then", [])

# The watch that comes before the part of that number.
watch_before(0) := "watch-canary"

watch_before(i) := sprintf("watch-%d", [shares[i - 1].trafficPercent])

# What is watched, in the words of the obligation and of the step.
watched := object.union(
	object.filter(canary, ["errorRateMax", "every", "for", "maxConsecutiveFailures", "p99MsMax"]),
	health,
)

health := {"health": rollout.filled(address)} if address := canary.health

else := {}

# Whatever part it is: when it does badly, all goes back at once.
shift(id, percent, after) := {
	"id": id,
	"kind": "traffic.shift/v1",
	"with": weights(percent),
	"undo": {"kind": "traffic.shift/v1", "with": weights(0)},
	"after": after,
}

watch(id, during, after) := {
	"id": id,
	"kind": "watch.canary/v1",
	"with": object.union(watched, {"for": during, "metrics": canary.metrics}),
	"after": after,
}

weights(percent) := {
	"route": rollout.route,
	"weights": {"stable": 100 - percent, "canary": percent},
	"writeTo": "live",
}
