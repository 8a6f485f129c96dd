# METADATA
# title: Containers on a Docker host are replaced by Compose or by Watchtower
# description: >-
#   Settings say which project a container belongs to. It is replaced by digest, Compose waits until it is
#   healthy, and what does not become so is taken back; an address is asked for a while where settings name
#   one. Watchtower pulls what the tag names then, and takes nothing back: where an environment is protected,
#   its plan needs an approval.
# related_resources:
#   - "Docker documentation, docker compose up"
#   - "Watchtower documentation, HTTP API mode"
# custom:
#   severity: info
#   incidental: true
#   applies: {kinds: [image, promotion], assets: [container]}
#   requires: [artifacts.digest, context.environment]
#   remediation: Let the plan replace the container and watch it; the steps are asked for here.
package strategy.compose

import data.lib.entries
import data.lib.rollout

compose := entries.first(data.settings.strategy.compose)

oblige contains rollout.duty(compose.notify)

action contains step if {
	some artifact in rollout.changed
	step := rollout.step(rollout.named("deploy", artifact), "compose.up/v1", up(artifact), [])
}

up(artifact) := object.union_n([
	{
		"project": rollout.filled(compose.project),
		"file": rollout.filled(compose.file),
		"image": artifact.ref,
		"digest": artifact.digest,
	},
	# What is not known is left out, and a plan that lacks it is refused.
	{"host": host | host := input.asset.cluster},
	{"service": service | service := artifact.container},
	{"wait": wait | wait := compose.within},
])

action contains {
	"id": "deploy",
	"kind": "watchtower.update/v1",
	"with": {
		"server": rollout.filled(compose.watchtower.server),
		"token": {"env": compose.watchtower.token},
		"images": [artifact.ref | some artifact in rollout.changed],
	},
}

action contains rollout.healthy(compose, done)

action contains rollout.tell(compose.notify, rollout.told(compose, done))

done := ["deploy"] if compose.watchtower

else := rollout.deployed
