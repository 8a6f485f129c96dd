# METADATA
# title: Some environments are entered by promotion alone
# description: >-
#   Where settings say so, nothing but a promotion brings an image that was not observed there: no update,
#   no other configuration, no chart and nothing that a cluster admits. What a run in flight brings there may
#   be admitted, because a promotion set it off.
# related_resources:
#   - "J. Humble and D. Farley, Continuous Delivery (2010), the deployment pipeline"
#   - "NIST SP 800-53 Rev. 5, CM-5 Access Restrictions for Change"
# custom:
#   severity: high
#   incidental: true
#   applies: {kinds: [admission, chart, config, image], configured: promotion.only}
#   requires: [context.environment]
#   remediation: Promote it from the environment before.
package promotion.only

import data.lib.entries

concerned if {
	some group in data.settings.promotion.only
	entries.covers(group)
	of(group)
}

of(group) if not group.applications

# Whose it is, nobody says: it may be one of them.
of(_) if not input.change.application

of(group) if {
	some pattern in group.applications
	entries.means(pattern, input.change.application)
}

deny contains finding if {
	concerned
	not input.change.operation in {"DELETE", "CONNECT"}
	some i, artifact in input.artifacts
	brought(artifact)
	not carried(artifact)
	finding := {
		"msg": sprintf("`%s` comes to `%s` by promotion alone, and was not observed there", [name(artifact), input.context.environment]),
		"path": sprintf("/artifacts/%d", [i]),
	}
}

brought(artifact) if artifact.unobserved

brought(artifact) if {
	input.change.kind == "image"
	artifact.changed
}

# What is set off by a promotion comes as an object, too.
carried(artifact) if {
	input.change.kind == "admission"
	# weighlock: allow evidence.unrequired because where nobody says what is in flight, nothing is
	some run in input.evidence.runs
	run.environment == input.context.environment
	run.application == input.change.application
	run.digest == artifact.digest
}

name(artifact) := text if text := concat("@", [artifact.ref, artifact.digest])

else := text if text := concat(":", [artifact.ref, artifact.tag])

else := artifact.ref
