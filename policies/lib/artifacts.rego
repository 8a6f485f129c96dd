# METADATA
# title: The artifacts that a change is judged by
# description: Those that it brings; all that runs where it does not say which; none where they go.
package lib.artifacts

# What a cluster is asked to take away.
gone if {
	input.change.kind == "admission"
	input.change.operation == "DELETE"
}

brought := {i | some i, artifact in input.artifacts; artifact.changed}

judged contains i if some i in brought

judged contains i if {
	count(brought) == 0
	not gone
	some i, _ in input.artifacts
}
