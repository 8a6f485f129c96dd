# METADATA
# title: What runs in production is pinned by digest
# custom:
#   severity: high
#   applies: {kinds: [image]}
package bench.pinned

deny contains finding if {
	input.context.environment == "production"
	some i, artifact in input.artifacts
	artifact.refKind != "digest"
	finding := {"msg": sprintf("`%s` is not pinned by digest", [artifact.ref]), "path": sprintf("/artifacts/%d", [i])}
}
