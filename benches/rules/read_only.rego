# METADATA
# title: Root file systems are read-only
# custom:
#   severity: low
#   applies: {kinds: [image]}
package bench.read_only

warn contains finding if {
	some i, container in input.asset.podSpec.containers
	not container.securityContext.readOnlyRootFilesystem
	finding := {"msg": sprintf("container `%s` can write to its root file system", [container.name]), "path": sprintf("/asset/podSpec/containers/%d", [i])}
}
