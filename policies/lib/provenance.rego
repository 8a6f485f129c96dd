# METADATA
# title: Provenance by SLSA
# description: What verified attestations of provenance, v1 and v0.2, say of builder and sources.
# related_resources:
#   - "SLSA v1.0, Provenance: https://slsa.dev/spec/v1.0/provenance"
package lib.provenance

import data.lib.artifacts
import data.lib.entries

v1 := "https://slsa.dev/provenance/v1"

v02 := "https://slsa.dev/provenance/v0.2"

# Verified provenance of the very digest of an artifact.
of(artifact) := [attestation |
	some attestation in artifact.attestations
	attestation.status == "verified"
	attestation.subject == artifact.digest
	attestation.predicateType in {v1, v02}
]

builder(attestation) := attestation.predicate.runDetails.builder.id if attestation.predicateType == v1

builder(attestation) := attestation.predicate.builder.id if attestation.predicateType == v02

# Everything that it was built from.
materials(attestation) := attestation.predicate.buildDefinition.resolvedDependencies if attestation.predicateType == v1

materials(attestation) := attestation.predicate.materials if attestation.predicateType == v02

# The sources among them, and what configured the build: all that is no package and no image, for what
# is fetched in some other way is built in too. What has no address is one that nobody knows.
sources(attestation) := fetched(attestation) | configured(attestation)

fetched(attestation) := {uri |
	some material in materials(attestation)
	uri := object.get(material, "uri", "?")
	not packaged(uri)
}

packaged(uri) if {
	# weighlock: keep because what is no text would be an error, and is none in a review that fits its schema
	is_string(uri)
	regex.match(`^(pkg:|oci://)`, uri)
}

configured(attestation) := {attestation.predicate.invocation.configSource.uri | attestation.predicateType == v02}

trusted := entries.first(data.settings.provenance.trusted)

# Whether a builder whom settings trust built it, and signed for it where they say who does.
by_trusted(attestation) if {
	some known in trusted.builders
	known.id == builder(attestation)
	object.get(known, "identity", attestation.identity) == attestation.identity
}

# Whether a source is one that settings trust.
from_trusted(uri) if {
	some known in trusted.sources
	plain(known.repository) == repository(uri)
	is_of(known, uri)
}

is_of(known, _) if not known.refs

is_of(known, uri) if reference(uri) in known.refs

# `git+https://host/path@refs/heads/main`, or `https://host/path.git#refs/heads/main` as BuildKit has it,
# where the reference may be left out. What comes before the host may hold an `@` too.
parts(uri) := found[0] if {
	# weighlock: keep because what is no text would be an error, and is none in a review that fits its schema
	is_string(uri)
	found := regex.find_all_string_submatch_n(`^([^@#]*://(?:[^@/#]*@)?[^@#]*)(?:[@#](.*))?$`, uri, 1)
}

repository(uri) := plain(parts(uri)[1])

reference(uri) := parts(uri)[2]

plain(name) := regex.replace(name, `(?i)^git\+|\.git$`, "")

# What is wrong with the provenance of an artifact; nothing where one of its attestations is good.
faults contains {"at": i, "ref": artifact.ref, "why": why} if {
	some i in artifacts.judged
	artifact := input.artifacts[i]
	not good(artifact)
	some why in wrong(artifact)
}

good(artifact) if {
	some attestation in of(artifact)
	by_trusted(attestation)
	count(sources(attestation)) > 0
	every uri in sources(attestation) {
		from_trusted(uri)
	}
}

wrong(artifact) := {"has no verified provenance"} if {
	count(of(artifact)) == 0
} else := {why |
	some attestation in of(artifact)
	some why in doubts(attestation)
}

doubts(attestation) := {"was built by nobody whom settings trust"} if {
	not by_trusted(attestation)
} else := {"has provenance that names no source"} if {
	count(sources(attestation)) == 0
} else := {sprintf("was built from `%s`, which settings do not trust", [uri]) |
	some uri in sources(attestation)
	not from_trusted(uri)
}
