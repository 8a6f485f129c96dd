# METADATA
# title: The very digest has run, verified, in the stage before
# description: >-
#   What is promoted is what was tried: the same digest, still running where the promotion comes
#   from, verified there, and for as long as the settings ask.
# related_resources:
#   - "J. Humble and D. Farley, Continuous Delivery (2010), build your binaries once"
# custom:
#   severity: high
#   applies: {kinds: [promotion]}
#   requires: [evidence.deployments, artifacts.digest]
#   remediation: Deploy this digest to the environment before, and let its verification pass.
package promotion.verified

import data.lib.promotion
import data.lib.time as times

from := input.change.promotion.from

runs(digest) := [deployment |
	some deployment in input.evidence.deployments
	deployment.environment == from
	deployment.digest == digest
	deployment.application == input.change.application
]

verified(digest) := [deployment | some deployment in runs(digest); deployment.verified]

deny contains finding if {
	some artifact in promotion.changed
	count(runs(artifact.digest)) == 0
	finding := {
		"msg": sprintf("`%s` does not run in `%s`", [artifact.digest, from]),
		"path": "/evidence/deployments",
		"digest": artifact.digest,
	}
}

deny contains finding if {
	count(promotion.changed) == 0
	finding := {
		"msg": "nothing says which artifact is promoted",
		"path": "/artifacts",
	}
}

hold contains finding if {
	some artifact in promotion.changed
	count(runs(artifact.digest)) > 0
	count(verified(artifact.digest)) == 0
	finding := {
		"msg": sprintf("`%s` runs in `%s`, but is not verified there yet", [artifact.digest, from]),
		"path": "/evidence/deployments",
		"digest": artifact.digest,
	}
}

hold contains finding if {
	some artifact in promotion.changed
	since := min([time.parse_rfc3339_ns(deployment.since) | some deployment in verified(artifact.digest)])
	until := since + times.nanoseconds(promotion.step.soak)
	times.now < until
	finding := {
		"msg": sprintf("`%s` must run in `%s` until %s", [artifact.digest, from, times.rfc3339(until)]),
		"path": "/evidence/deployments",
		"until": times.rfc3339(until),
		"digest": artifact.digest,
	}
}
