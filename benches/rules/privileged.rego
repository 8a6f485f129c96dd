# METADATA
# title: No container is privileged
# custom:
#   severity: critical
#   applies: {kinds: [image]}
package bench.privileged

deny contains finding if {
	some i, container in input.asset.podSpec.containers
	container.securityContext.privileged == true
	finding := {"msg": sprintf("container `%s` is privileged", [container.name]), "path": sprintf("/asset/podSpec/containers/%d", [i])}
}

deny contains finding if {
	some name in ["hostNetwork", "hostPID", "hostIPC"]
	input.asset.podSpec[name] == true
	finding := {"msg": sprintf("`%s` shares a namespace of the host", [name]), "path": "/asset/podSpec"}
}
