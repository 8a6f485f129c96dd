# METADATA
# title: Images come from the registries that are allowed
# custom:
#   severity: high
#   applies: {kinds: [image]}
package bench.registries

allowed := ["registry.example/", "mirror.example/library/"]

deny contains finding if {
	some artifact in input.artifacts
	not known(artifact.ref)
	finding := {"msg": sprintf("`%s` is not from an allowed registry", [artifact.ref]), "path": "/artifacts"}
}

known(reference) if {
	some prefix in allowed
	startswith(reference, prefix)
}
