# METADATA
# title: What changes the schema goes to an idle slot first
# description: >-
#   Where settings name two slots, a change that brings migrations is deployed to the one without traffic.
#   The migrations are tried, the slot is tested, and only then it gets all traffic; it is taken back by
#   switching to the other one, which still runs what ran before.
# related_resources:
#   - "M. Fowler, BlueGreenDeployment (2010): https://martinfowler.com/bliki/BlueGreenDeployment.html"
#   - "P. Sadalage, M. Fowler, Parallel Change: expand and contract"
# custom:
#   severity: medium
#   incidental: true
#   applies: {kinds: [image, promotion], assets: [workload], configured: strategy.blueGreen}
#   requires: [artifacts.digest, context.environment, evidence.migrations]
#   remediation: Let the plan deploy to the idle slot, check it, and switch; the steps are asked for here.
package strategy.blue_green

import data.lib.entries
import data.lib.rollout

slots := entries.first(data.settings.strategy.blueGreen) if rollout.chosen == "blueGreen"

oblige contains {"kind": "blueGreen", "with": {"schemaCheck": true, "smokeTest": true}} if slots

oblige contains rollout.duty(slots.notify)

action contains {
	"id": "find-slots",
	"kind": "traffic.slots/v1",
	"with": {"route": rollout.route, "slots": slots.slots},
}

action contains step if {
	slots
	some artifact in rollout.changed
	idle := object.union(rollout.container(artifact), {
		"digest": artifact.digest,
		"slot": {"from": "find-slots.idle"},
		"writeTo": "live",
	})
	id := rollout.named("deploy-idle", artifact)

	# What ran in the idle slot is another version than what the change goes from.
	step := {
		"id": id,
		"kind": "kubernetes.setImage/v1",
		"with": idle,
		"undo": {"kind": "kubernetes.setImage/v1", "with": object.union(idle, {"digest": {"from": sprintf("%s.previousDigest", [id])}})},
	}
}

action contains {
	"id": "wait-idle",
	"kind": "kubernetes.waitRollout/v1",
	"with": {"asset": input.asset.id, "slot": {"from": "find-slots.idle"}, "within": slots.within},
	"after": [rollout.named("deploy-idle", artifact) | some artifact in rollout.changed],
}

# Each migration is tried; one of which the text is not known makes no plan.
action contains step if {
	some i in migrations
	migration := input.evidence.migrations[i]
	step := {
		"id": sprintf("check-schema-%d", [i + 1]),
		"kind": "migration.check/v1",
		"with": object.union_n([
			{
				"database": object.get(migration, "asset", input.asset.id),
				"connection": {"env": slots.connection},
			},
			{"file": file | file := migration.operations[0].at.file},
			{"digest": digest | digest := migration.source.digest},
		]),
		"after": ["wait-idle"],
		"fulfils": ["blueGreen.schemaCheck"],
	}
}

action contains {
	"id": "smoke-test",
	"kind": "watch.health/v1",
	"with": object.union(
		{
			"health": rollout.filled(slots.health),
			"every": slots.every,
			"for": slots["for"],
		},
		object.filter(slots, ["suite"]),
	),
	"after": ["wait-idle"],
	"fulfils": ["blueGreen.smokeTest"],
}

action contains {
	"id": "switch",
	"kind": "traffic.switch/v1",
	"with": {"route": rollout.route, "slot": {"from": "find-slots.idle"}, "writeTo": "live"},
	"undo": {"kind": "traffic.switch/v1", "with": {"route": rollout.route, "slot": {"from": "find-slots.active"}, "writeTo": "live"}},
	"after": array.concat(["smoke-test"], [sprintf("check-schema-%d", [i + 1]) | some i in migrations]),
	"fulfils": ["blueGreen"],
} if {
	slots
}

action contains step if {
	slots
	some step in rollout.tags(["switch"])
}

action contains rollout.tell(slots.notify, rollout.tagged(["switch"]))

migrations := [i |
	some i, migration in input.evidence.migrations
	count(migration.operations) > 0
]
