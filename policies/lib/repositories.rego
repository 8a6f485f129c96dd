# METADATA
# title: Names of repositories
# description: What names no registry is of Docker Hub, where a name without a slash is of `library`.
package lib.repositories

# The name with its registry.
whole(ref) := ref if {
	contains(ref, "/")
	regex.match(`[.:]|^localhost$`, split(ref, "/")[0])
} else := sprintf("docker.io/%s", [ref]) if {
	contains(ref, "/")
} else := sprintf("docker.io/library/%s", [ref])
