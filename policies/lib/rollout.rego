# METADATA
# title: Which strategy a change gets, and the steps that strategies share
# description: >-
#   One strategy is chosen for a change: blue and green where it brings migrations, else a canary, else
#   all at once, else a few at a time, by the first table of the settings that covers the environment.
package lib.rollout

import data.lib.entries

settings := data.settings.strategy

chosen := "blueGreen" if {
	schema
	routed
}

else := "canary" if {
	entries.first(settings.canary)
	routed
}

else := "blitz" if entries.first(settings.blitz)

else := "rolling"

# Whether it may have traffic, of which a part can be given to another: jobs and daemons have none.
routed if not input.asset.object.kind in {"CronJob", "DaemonSet", "Job"}

# Whether it is rolled out, so that somebody can wait for it: a job runs when it runs.
rolls if not input.asset.object.kind in {"CronJob", "Job"}

# Whether it brings migrations, where settings ask for two slots then.
schema if {
	entries.first(settings.blueGreen)
	some migration in input.evidence.migrations
	count(migration.operations) > 0
}

# What it puts in the place of something else.
changed := [artifact | some artifact in input.artifacts; artifact.changed]

# The digest that is there now, where the change says so.
before := input.change.from.digest

# A step that sets the image of one container of a workload.
set_image(id, parameters, artifact, after) := step(
	id, "kubernetes.setImage/v1",
	object.union(parameters, {"digest": artifact.digest, "writeTo": "live"}),
	after,
)

# What is promoted gets the tag of the environment, byte for byte. What comes from elsewhere has its own.
tags(after) := [tag |
	input.change.kind == "promotion"
	some artifact in changed
	tag := step(
		named("tag", artifact), "registry.tag/v1",
		{"ref": artifact.ref, "digest": artifact.digest, "tag": input.context.environment},
		after,
	)
]

# A step that brings a digest somewhere, and takes it back to the one that was there.
step(id, kind, parameters, after) := {
	"id": id,
	"kind": kind,
	"with": parameters,
	"expect": {"digest": digest},
	"undo": {"kind": kind, "with": object.union(parameters, {"digest": digest})},
	"after": after,
} if {
	digest := before
}

else := {
	"id": id,
	"kind": kind,
	"with": parameters,
	"undo": {"kind": kind, "with": object.union(parameters, {"digest": {"from": sprintf("%s.previousDigest", [id])}})},
	"after": after,
}

# The steps that put what is promoted in the place of what runs.
instead(after) := array.concat(tags(after), [deploy |
	some artifact in changed
	deploy := set_image(named("deploy", artifact), container(artifact), artifact, tagged(after))
])

# What to wait for once there are tags; what comes before them where there are none.
tagged(after) := after if input.change.kind != "promotion"

else := [named("tag", artifact) | some artifact in changed]

deployed := [named("deploy", artifact) | some artifact in changed]

# Which container it is. Where that is not known, no plan can be made: the step lacks it.
container(artifact) := {"asset": input.asset.id, "container": name} if name := artifact.container

else := {"asset": input.asset.id}

named(verb, artifact) := sprintf("%s-%s", [verb, name]) if name := artifact.container

else := verb

# Whom settings name is told when all is done.
tell(name, after) := {
	"id": "tell",
	"kind": "notify.webhook/v1",
	"with": {"to": {"env": name}},
	"after": after,
	"fulfils": ["notify.to"],
}

duty(name) := {"kind": "notify", "with": {"to": {"env": name}}}

# The route of the traffic.
route := name if name := input.asset.application

else := input.asset.id

default namespace := ""

namespace := input.asset.namespace

# An address of the settings, with what it says of the change filled in.
filled(text) := strings.replace_n({
	"{application}": route,
	"{namespace}": namespace,
	"{environment}": input.context.environment,
	"{host}": host,
}, text)

default host := ""

host := input.asset.cluster

# Whether it works is asked for a while, once all is done.
healthy(entry, after) := {
	"id": "watch",
	"kind": "watch.health/v1",
	"with": {
		"health": filled(entry.health.address),
		"every": entry.health.every,
		"for": entry.health["for"],
	},
	"after": after,
}

# What is told comes after the watch, where there is one.
told(entry, after) := ["watch"] if entry.health

else := after


# What is built from the asset's source: what runs of the image that its build names, or all it runs
# where that is one image and the build names none. Empty where that cannot be told.
built := artifact if {
	some artifact in input.artifacts
	artifact.ref == input.asset.build.image
	not artifact.changed
} else := runs[0] if {
	not input.asset.build.image
	count(runs) == 1
} else := {}

runs := [artifact | some artifact in input.artifacts; not artifact.changed]

image := input.asset.build.image

image := built.ref

# The build of the asset, as its build system is asked for it. What is not known is left out, and a plan
# that lacks it is refused.
build(entry) := object.union_n([
	object.filter(input.asset.build, ["provider", "repository"]),
	{"image": name | name := image},
	{"workflow": file | input.asset.build.provider == "github"; file := input.asset.build.pipeline},
	{"pipeline": name | input.asset.build.provider == "tekton"; name := input.asset.build.pipeline},
	{"namespace": name | input.asset.build.provider == "tekton"; name := entry.namespace},
	{"token": {"env": entry.token} | input.asset.build.provider != "tekton"},
])

# What was built is a change of its own.
weigh := {
	"id": "weigh",
	"kind": "weigh/v1",
	"with": object.union({"digest": {"from": "rebuild.digest"}}, {"ref": name | name := image}),
}
