# METADATA
# title: Each step of a promotion has the people it needs
# description: >-
#   The policy asks, Weighlock counts: by role from the operator's directory, distinct people, never
#   the author, nobody twice. Where settings say so, what fixes a critical vulnerability that is known
#   to be exploited goes without them, and somebody looks at it afterwards.
# related_resources:
#   - "NIST SP 800-53 Rev. 5, AC-5 Separation of Duties"
#   - "SLSA source track, two-party review"
# custom:
#   severity: high
#   applies: {kinds: [promotion]}
#   requires: [change.promotion]
#   remediation: Ask people who hold the roles named above to approve.
package promotion.approvals

import data.lib.fixes
import data.lib.promotion

hold contains finding if {
	not urgent
	needs := promotion.step.needs
	finding := {
		"msg": sprintf("`%s` → `%s` needs approval", [promotion.step.from, promotion.step.to]),
		"path": "/change/promotion",
		"needs": needs,
	}
}

oblige contains {"kind": "reviewAfterwards", "with": promotion.step.exploited} if {
	urgent
	promotion.step.needs
}

# It has no `after`: it goes after all that changes something, whatever that is.
action contains {
	"id": "review-afterwards",
	"kind": "approval.wait/v1",
	"with": {
		"role": promotion.step.exploited.by,
		"within": promotion.step.exploited.within,
		"about": sprintf("`%s` went to `%s` without approval: is all as it should be?", [input.change.id, promotion.step.to]),
	},
	"fulfils": ["reviewAfterwards.by", "reviewAfterwards.within"],
} if {
	urgent
	promotion.step.needs
}

urgent if {
	promotion.step.exploited
	fixes.urgent
}
