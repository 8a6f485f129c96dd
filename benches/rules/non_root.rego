# METADATA
# title: No container runs as root
# custom:
#   severity: high
#   applies: {kinds: [image]}
package bench.non_root

deny contains finding if {
	some i, container in input.asset.podSpec.containers
	not safe(container)
	finding := {"msg": sprintf("container `%s` may run as root", [container.name]), "path": sprintf("/asset/podSpec/containers/%d", [i])}
}

safe(container) if container.securityContext.runAsNonRoot

safe(container) if {
	not container.securityContext.runAsUser
	input.asset.podSpec.securityContext.runAsNonRoot
}
