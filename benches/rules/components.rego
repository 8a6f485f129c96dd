# METADATA
# title: Some components are not used any more
# custom:
#   severity: medium
#   applies: {kinds: [image]}
#   requires: [sboms]
package bench.components

banned := ["pkg:npm/event-stream@", "pkg:pypi/pycrypto@", "pkg:npm/left-pad@", "pkg:maven/log4j/log4j@"]

deny contains finding if {
	some artifact in input.artifacts
	some component in artifact.sbom.components
	some prefix in banned
	startswith(component, prefix)
	finding := {"msg": sprintf("`%s` contains `%s`", [artifact.ref, component]), "path": "/artifacts"}
}
