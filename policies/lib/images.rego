# METADATA
# title: Names of images
# description: >-
#   One image has several names: `node`, `library/node`, `docker.io/library/node` and
#   `index.docker.io/library/node` are the same. They are compared by the longest.
# related_resources:
#   - "Distribution, reference: https://github.com/distribution/reference"
package lib.images

# The name with its registry; that of something else, as in `pkg:npm/x` or `oci://…`, as it is.
whole(ref) := ref if {
	regex.match(`^[a-z]+:(//)?[^/]*[a-z]`, ref)
} else := of_hub(parts[2]) if {
	parts := regex.find_all_string_submatch_n(`^(docker\.io|index\.docker\.io|registry-1\.docker\.io)/(.+)$`, ref, 1)[0]
} else := ref if {
	contains(ref, "/")
	regex.match(`[.:]|^localhost$`, split(ref, "/")[0])
} else := of_hub(ref)

of_hub(name) := sprintf("docker.io/%s", [name]) if contains(name, "/")

else := sprintf("docker.io/library/%s", [name])
