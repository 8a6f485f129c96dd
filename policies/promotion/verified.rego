# weighlock: allow evidence.unrequired because what comes from a build need run nowhere, and elsewhere it holds

# METADATA
# title: The very digest has run, verified, in the stage before
# description: >-
#   What is promoted is what was tried: the same digest, still running where the promotion comes
#   from, verified there, and for as long as the settings ask. Where clusters are named it runs in the
#   same one, unless settings say that any will do. Nothing is built anew on the way; a step from a
#   build, where nothing runs, is for the gates to judge. What was last seen before something else took its
#   place runs no more; of several observations of one digest the latest counts, and one without a time does.
# related_resources:
#   - "J. Humble and D. Farley, Continuous Delivery (2010), build your binaries once"
# custom:
#   severity: high
#   applies: {kinds: [promotion]}
#   requires: [change.promotion, artifacts.digest]
#   remediation: Deploy this digest to the environment before, and let its verification pass.
package promotion.verified

import data.lib.promotion
import data.lib.time as times

from := input.change.promotion.from

runs(digest) := {i |
	some i, deployment in input.evidence.deployments
	deployment.environment == from
	deployment.digest == digest
	deployment.application == input.change.application
	not elsewhere(deployment)
	not replaced(deployment)
}

elsewhere(deployment) if {
	not promotion.step.anyCluster
	deployment.cluster != input.context.cluster
}

seen(deployment) := time.parse_rfc3339_ns(deployment.observedAt)

# Another digest took its place after it was last seen, or began to run after it where that was not said.
replaced(deployment) if {
	some other in input.evidence.deployments
	other.digest != deployment.digest
	same_place(deployment, other)
	started := time.parse_rfc3339_ns(other.since)
	started > last(deployment, other)
}

last(deployment, _) := seen(deployment)

last(deployment, other) := time.parse_rfc3339_ns(deployment.since) if {
	not deployment.observedAt
	other.observedAt
}

same_place(one, other) if {
	one.application == other.application
	one.environment == other.environment
	object.get(one, "cluster", "") == object.get(other, "cluster", "")
}

# Where settings do not know the step it must run too.
runs_first if not promotion.step.deployed == false

verified(digest) := {i |
	some i in runs(digest)
	not denied(input.evidence.deployments[i])
}

# It is not, or somebody looked later, or nobody knows when, and found that it is not.
denied(deployment) if {
	some i in runs(deployment.digest)
	other := input.evidence.deployments[i]
	not other.verified
	same_place(deployment, other)
	not earlier(other, deployment)
}

earlier(one, other) if seen(one) < seen(other)

# Since when the one of them runs that has run longest, and where it stands.
longest(digest) := min({[since, i] |
	some i in verified(digest)
	since := time.parse_rfc3339_ns(input.evidence.deployments[i].since)
})

hold contains finding if {
	runs_first
	not input.evidence.deployments
	finding := {
		"msg": sprintf("nobody says what runs in `%s`", [from]),
		"path": "/change/promotion",
		"needs": {"evidence": "evidence.deployments"},
	}
}

deny contains finding if {
	runs_first
	input.evidence.deployments
	some i, artifact in input.artifacts
	artifact.changed
	count(runs(artifact.digest)) == 0
	finding := {
		"msg": sprintf("`%s` does not run in `%s`", [artifact.digest, from]),
		"path": sprintf("/artifacts/%d", [i]),
		"digest": artifact.digest,
	}
}

hold contains finding if {
	runs_first
	some artifact in promotion.changed
	count(verified(artifact.digest)) == 0
	some i in runs(artifact.digest)
	finding := {
		"msg": sprintf("`%s` runs in `%s`, but is not verified there yet", [artifact.digest, from]),
		"path": sprintf("/evidence/deployments/%d", [i]),
		"digest": artifact.digest,
	}
}

hold contains finding if {
	runs_first
	some artifact in promotion.changed
	[since, i] := longest(artifact.digest)
	until := since + times.nanoseconds(promotion.step.soak)
	times.now < until
	finding := {
		"msg": sprintf("`%s` must run in `%s` until %s", [artifact.digest, from, times.rfc3339(until)]),
		"path": sprintf("/evidence/deployments/%d", [i]),
		"until": times.rfc3339(until),
		"digest": artifact.digest,
	}
}
