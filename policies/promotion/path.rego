# METADATA
# title: Promotions follow the allowed paths
# description: An artifact moves one environment at a time, along the paths in the settings.
# related_resources:
#   - "J. Humble and D. Farley, Continuous Delivery (2010), the deployment pipeline"
# custom:
#   severity: high
#   applies: {kinds: [promotion]}
#   requires: [change.promotion]
#   remediation: Promote to the next environment first.
package promotion.path

import data.lib.promotion

deny contains finding if {
	not promotion.step
	finding := {
		"msg": sprintf("`%s` → `%s` is not an allowed path", [input.change.promotion.from, input.change.promotion.to]),
		"path": "/change/promotion",
	}
}
