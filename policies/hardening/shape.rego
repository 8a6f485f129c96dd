# METADATA
# title: A pod is what Kubernetes takes for one
# description: >-
#   What is of another shape is read by nobody in the same way. All of it is told together, and no other
#   rule of pods judges it.
# related_resources:
#   - "Kubernetes API reference v1.34, PodSpec"
# custom:
#   severity: high
#   applies: {kinds: [admission, config], assets: [workload, pod]}
#   requires: [asset.podSpec]
#   remediation: Correct it; `kubectl apply --dry-run=server` says what is expected there.
package hardening.pod.shape

deny contains finding if {
	not leaves
	paths := sort(wrong)
	finding := {
		"msg": sprintf("the pod cannot be read: not of the shape that Kubernetes has at %s", [concat(", ", [sprintf("`%s`", [path]) | some path in paths])]),
		"path": sprintf("/asset/podSpec%s", [paths[0]]),
	}
}

lists := {"containers", "ephemeralContainers", "initContainers", "volumes"}

wrong contains sprintf("/%s", [name]) if {
	some name in {"affinity", "nodeSelector", "os", "securityContext"}
	member := input.asset.podSpec[name]
	not is_object(member)
}

wrong contains sprintf("/%s", [name]) if {
	some name in lists
	member := input.asset.podSpec[name]
	not is_array(member)
}

# Containers and volumes, by where they stand.
items[path] := item if {
	some name in lists
	is_array(input.asset.podSpec[name])
	some i, item in input.asset.podSpec[name]
	path := sprintf("/%s/%d", [name, i])
}

wrong contains path if {
	some path, item in items
	not is_object(item)
}

wrong contains sprintf("%s/name", [path]) if {
	some path, item in items
	is_object(item)
	not is_string(item.name)
}

wrong contains sprintf("%s/%s", [path, name]) if {
	some path, item in items
	some name in {"hostPath", "lifecycle", "livenessProbe", "projected", "readinessProbe", "resources", "securityContext", "startupProbe"}
	member := item[name]
	not is_object(member)
}

wrong contains sprintf("%s/%s", [path, name]) if {
	some path, item in items
	some name in {"env", "ports"}
	member := item[name]
	not objects(member)
}

objects(values) if {
	is_array(values)
	every value in values {
		is_object(value)
	}
}

# What goes away need not be hardened, and an `exec` changes no pod.
leaves if input.change.operation in {"DELETE", "CONNECT"}
