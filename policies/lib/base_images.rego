# METADATA
# title: What images are built upon
# description: >-
#   Repositories of base images, as bills of materials or provenance name them, and whether settings
#   support them.
package lib.base_images

import data.lib.entries
import data.lib.provenance
import data.lib.repositories

allowed := entries.first(data.settings.baseImages.allowed).repositories

supported(name) if name in allowed

# `node` and `library/node` are of Docker Hub, as whoever pulls them has it.
supported(name) if {
	some pattern in allowed
	repositories.whole(pattern) == name
}

supported(name) if {
	some pattern in allowed
	endswith(pattern, "/*")
	startswith(name, trim_suffix(pattern, "*"))
}

# By the bill of materials; where that names none, by provenance. The image itself is none of them.
of(artifact) := components(artifact) if count(components(artifact)) > 0

else := {name |
	some attestation in provenance.of(artifact)
	some material in provenance.materials(attestation)
	name := repository(material.uri)
}

components(artifact) := {name |
	some component in artifact.sbom.components
	not contains(decoded(component), artifact.digest)
	name := repository(component)
}

decoded(purl) := replace(replace(replace(purl, "%2F", "/"), "%3A", ":"), "%40", "@")

# `pkg:oci/name@digest?repository_url=registry/path`, with or without the name at its end. Where it
# does not say in which registry, nobody knows.
repository(purl) := whole(name, url) if {
	parts := regex.find_all_string_submatch_n(`^pkg:oci/([^@?#]+)(?:@[^?#]*)?(?:\?([^#]*))?`, decoded(purl), 1)[0]
	name := parts[1]
	url := qualifier(parts[2], "repository_url")
}

# `pkg:docker/namespace/name@tag`, of Docker Hub where it does not say otherwise.
repository(purl) := hub(name, url) if {
	parts := regex.find_all_string_submatch_n(`^pkg:docker/([^@?#]+)(?:@[^?#]*)?(?:\?([^#]*))?`, decoded(purl), 1)[0]
	name := parts[1]
	url := qualifier(parts[2], "repository_url")
}

hub(name, "") := repositories.whole(name)

hub(name, url) := whole(name, url) if url != ""

whole(name, url) := name if url == ""

whole(name, url) := url if endswith(url, concat("", ["/", name]))

whole(name, url) := concat("/", [url, name]) if {
	url != ""
	not endswith(url, concat("", ["/", name]))
}

qualifier(text, name) := value if {
	some pair in split(text, "&")
	startswith(pair, concat("", [name, "="]))
	value := trim_prefix(pair, concat("", [name, "="]))
} else := ""
