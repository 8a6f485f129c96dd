# METADATA
# title: A new base image sets off a rebuild
# description: >-
#   Where settings say so and there is no cascade, a build is started with what the new base image is, and
#   what comes out is weighed. When it may start is for `updates` to say.
# related_resources:
#   - "GitHub Actions documentation, workflow_dispatch"
#   - "SLSA v1.1, Build track"
# custom:
#   severity: medium
#   incidental: true
#   applies: {kinds: [base_image], configured: strategy.rebuild}
#   requires: [artifacts.digest, asset.build]
#   remediation: Let the plan start the build and weigh what comes out; the steps are asked for here.
package strategy.rebuild

import data.lib.entries
import data.lib.rollout

rebuild := entry if {
	entry := entries.first(data.settings.strategy.rebuild)
	input.asset.build.autoRebuild
	not entries.first(data.settings.strategy.cascade)
}

oblige contains rollout.duty(rebuild.notify)

action contains {
	"id": "rebuild",
	"kind": "build.dispatch/v1",
	"with": object.union_n([
		rollout.build(rebuild),
		{"ref": branch | branch := input.asset.build.branch},
		{"inputs": object.union(object.get(rebuild, "inputs", {}), {
			"version_bump": rebuild.versionBump,
			"triggered_by": rebuild.triggeredBy,
			"base_image": base,
		})},
	]),
}

action contains rollout.weigh if rebuild

action contains rollout.tell(rebuild.notify, ["weigh"])

# The base image as it is now, by digest.
base := concat("", array.concat(
	[input.change.to.ref],
	array.concat([tag | tag := sprintf(":%s", [input.change.to.version])], [digest | digest := sprintf("@%s", [input.change.to.digest])]),
))
