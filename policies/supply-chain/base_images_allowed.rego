# weighlock: allow evidence.unrequired because an SBOM says as much, and without either the image is denied

# METADATA
# title: What runs is built upon a supported block
# description: >-
#   Every base image that the bill of materials names, or provenance where that names none, is of a
#   repository that settings support. An image of which nothing says what it is built upon is denied.
# related_resources:
#   - "NIST SP 800-190, 4.1.2 image configuration: trusted base layers"
#   - "Package URL, type oci: https://github.com/package-url/purl-spec"
# custom:
#   severity: medium
#   applies: {kinds: [image, promotion], configured: baseImages.allowed}
#   requires: [context.environment, sboms]
#   waivable: true
#   remediation: Build it upon a supported block, and let the bill of materials name that as `pkg:oci/…`.
package base_images.allowed

import data.lib.artifacts
import data.lib.base_images as bases

deny contains finding if {
	some i in artifacts.judged
	artifact := input.artifacts[i]
	some name in bases.of(artifact)
	not bases.supported(name)
	finding := {
		"msg": sprintf("`%s` is built upon `%s`, which is no supported block", [artifact.ref, name]),
		"path": sprintf("/artifacts/%d/sbom", [i]),
	}
}

deny contains finding if {
	some i in artifacts.judged
	artifact := input.artifacts[i]
	count(bases.of(artifact)) == 0
	finding := {
		"msg": sprintf("nothing says what `%s` is built upon", [artifact.ref]),
		"path": sprintf("/artifacts/%d/sbom", [i]),
	}
}
