# METADATA
# title: A new base image is a supported block
# description: What images are to be built upon next is of a repository that settings support.
# related_resources:
#   - "NIST SP 800-190, 4.1.2 image configuration: trusted base layers"
# custom:
#   severity: medium
#   applies: {kinds: [base_image], configured: baseImages.allowed}
#   requires: [context.environment]
#   waivable: true
#   remediation: Take a supported block, or ask for this one to be supported.
package base_images.next

import data.lib.artifacts
import data.lib.base_images as bases

deny contains finding if {
	some i in artifacts.brought
	name := input.artifacts[i].ref
	not bases.supported(name)
	finding := {
		"msg": sprintf("`%s` is no supported block", [name]),
		"path": sprintf("/artifacts/%d", [i]),
	}
}

deny contains finding if {
	count(artifacts.brought) == 0
	finding := {"msg": "nothing says which base image it is", "path": "/change/to"}
}
