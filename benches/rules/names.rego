# METADATA
# title: Workloads have an owner, and names that say what they are
# custom:
#   severity: low
#   applies: {kinds: [image]}
package bench.names

warn contains finding if {
	not input.asset.owner
	finding := {"msg": sprintf("`%s` has no owner", [input.asset.id]), "path": "/asset"}
}

warn contains finding if {
	not regex.match(`^[a-z][a-z0-9-]{1,40}$`, input.asset.object.metadata.name)
	finding := {"msg": sprintf("`%s` is not a good name", [input.asset.object.metadata.name]), "path": "/asset/object/metadata/name"}
}

warn contains finding if {
	some key, value in input.asset.object.metadata.labels
	startswith(key, "team.example/")
	lower(value) != value
	finding := {"msg": sprintf("the label `%s` is not in lower case", [key]), "path": "/asset/object/metadata/labels"}
}
