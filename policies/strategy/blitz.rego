# weighlock: allow evidence.unrequired because where a change that brings migrations goes otherwise, `strategy.blue_green` requires them

# METADATA
# title: In test, everything is replaced at once
# description: >-
#   Where settings say so, a change needs no gradual strategy: what is promoted is tagged and deployed, by
#   digest, and taken back where that fails.
# related_resources:
#   - "Kubernetes documentation, Deployments: updating a Deployment"
# custom:
#   severity: info
#   incidental: true
#   applies: {kinds: [image, promotion], assets: [workload]}
#   requires: [artifacts.digest, context.environment]
#   remediation: Take the environment out of `strategy.blitz` where a gradual strategy is wanted.
package strategy.blitz

import data.lib.entries
import data.lib.rollout

blitz := entries.first(data.settings.strategy.blitz) if rollout.chosen == "blitz"

oblige contains rollout.duty(blitz.notify)

action contains step if {
	blitz
	some step in rollout.instead([])
}

action contains rollout.tell(blitz.notify, rollout.deployed)
