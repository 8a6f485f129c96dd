# METADATA
# title: What was rolled back does not return
# description: >-
#   A digest that `evidence.quarantine` names comes back by no way: neither by an update or a promotion,
#   nor in an object. Where nobody keeps a list, nothing is quarantined. Where an entry about an artifact
#   of this change does not count, because of its age or of who says it, the change is denied too.
# related_resources:
#   - "Google SRE Book, ch. 8 Release Engineering: rollbacks"
# custom:
#   severity: high
#   applies: {kinds: [admission, base_image, chart, config, image, promotion]}
#   incidental: true
#   remediation: Build it anew without what was wrong with it, or have whoever keeps the list take the digest off it.
package promotion.quarantine

deny contains finding if {
	not leaves
	some artifact in brought
	# weighlock: allow evidence.unrequired because where nobody keeps a list, nothing is quarantined
	some i, entry in input.evidence.quarantine
	entry.digest == artifact.digest
	finding := {
		"msg": sprintf("`%s` is quarantined: %s", [entry.digest, entry.reason]),
		"path": sprintf("/evidence/quarantine/%d", [i]),
		"digest": entry.digest,
	}
}

deny contains finding if {
	not leaves
	some i, fact in input.unknown
	fact.fact == "evidence.quarantine"
	finding := {
		"msg": sprintf("an artifact may be quarantined: an entry about it does not count (%s)", [fact.reason]),
		"path": sprintf("/unknown/%d", [i]),
		"remediation": "Look again, or have the entry come from a file of `trust.inputs`.",
	}
}

# What an object names is brought by it, whatever ran there before.
brought contains artifact if {
	some artifact in input.artifacts
	input.change.kind in {"admission", "chart", "config"}
}

brought contains artifact if {
	some artifact in input.artifacts
	artifact.changed
}

leaves if input.change.operation in {"DELETE", "CONNECT"}
