# METADATA
# title: Containers say what they need and may take
# custom:
#   severity: low
#   applies: {kinds: [image]}
package bench.resources

wanted := [["requests", "cpu"], ["requests", "memory"], ["limits", "memory"]]

warn contains finding if {
	some container in input.asset.podSpec.containers
	some pair in wanted
	not container.resources[pair[0]][pair[1]]
	finding := {"msg": sprintf("container `%s` has no %s for %s", [container.name, pair[0], pair[1]]), "path": "/asset/podSpec"}
}
