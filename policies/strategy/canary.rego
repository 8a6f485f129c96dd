# METADATA
# title: Production sees a canary first
# description: >-
#   A change there is allowed only if its plan shows it to a part of the traffic, watches it, and
#   takes it back when it does badly. The steps that do this are asked for here too.
# related_resources:
#   - "Google, Site Reliability Workbook (2018), 16 Canarying Releases: https://sre.google/workbook/canarying-releases/"
# custom:
#   severity: medium
#   incidental: true
#   applies: {kinds: [image, promotion], assets: [workload]}
#   requires: [artifacts.digest, context.environment]
#   remediation: Let the plan shift a part of the traffic and watch it; the steps are asked for here.
package strategy.canary

import data.lib.entries

canary := entries.first(data.settings.strategy.canary)

changed := [artifact | some artifact in input.artifacts; artifact.changed]

oblige contains {"kind": "canary", "with": object.remove(canary, ["environments", "metrics", "notify"])} if canary

# Beside what runs, with the part of the traffic that settings give it …
action contains step if {
	canary
	some artifact in changed
	step := set_image(sprintf("deploy-canary-%s", [artifact.container]), sprintf("%s-canary", [input.asset.id]), artifact, [])
}

action contains {
	"id": "shift-canary",
	"kind": "traffic.shift/v1",
	"with": shares(canary.trafficPercent),
	"expect": {"weights": {"stable": 100, "canary": 0}},
	"undo": {"kind": "traffic.shift/v1", "with": shares(0)},
	"after": [id | some artifact in changed; name := artifact.container; id := sprintf("deploy-canary-%s", [name])],
	"fulfils": ["canary.trafficPercent"],
} if canary

action contains {
	"id": "watch-canary",
	"kind": "watch.canary/v1",
	"with": object.remove(canary, ["environments", "notify", "trafficPercent"]),
	"after": ["shift-canary"],
	"fulfils": ["canary.errorRateMax", "canary.every", "canary.for", "canary.maxConsecutiveFailures", "canary.p99MsMax"],
} if canary

# … and, when that went well, in the place of what runs.
action contains step if {
	canary
	some artifact in changed
	step := object.union(
		{
			"id": sprintf("tag-%s", [artifact.container]),
			"kind": "registry.tag/v1",
			"with": tag(artifact, artifact.digest),
			"after": ["watch-canary"],
		},
		back("registry.tag/v1", tag(artifact, before)),
	)
}

action contains step if {
	canary
	some artifact in changed
	step := set_image(sprintf("deploy-%s", [artifact.container]), input.asset.id, artifact, [sprintf("tag-%s", [artifact.container])])
}

action contains {
	"id": "shift-back",
	"kind": "traffic.shift/v1",
	"with": shares(0),
	"after": [id | some artifact in changed; name := artifact.container; id := sprintf("deploy-%s", [name])],
} if canary

action contains {
	"id": "tell",
	"kind": "notify.webhook/v1",
	"with": {"to": {"env": canary.notify}},
	"after": ["shift-back"],
}

set_image(id, asset, artifact, after) := object.union(
	{
		"id": id,
		"kind": "kubernetes.setImage/v1",
		"with": image(asset, artifact, artifact.digest),
		"after": after,
	},
	back("kubernetes.setImage/v1", image(asset, artifact, before)),
)

# The digest that is there now, where the change says so.
before := object.get(input.change, ["from", "digest"], null)

# What a step must find, and how it is taken back.
back(kind, parameters) := {
	"expect": {"digest": before},
	"undo": {"kind": kind, "with": parameters},
} if {
	before != null
}

else := {}

image(asset, artifact, digest) := {"asset": asset, "container": artifact.container, "digest": digest, "writeTo": "live"}

tag(artifact, digest) := {"ref": artifact.ref, "digest": digest, "tag": input.context.environment}

shares(percent) := {
	"route": object.get(input.asset, "application", input.asset.id),
	"weights": {"stable": 100 - percent, "canary": percent},
	"writeTo": "live",
}
