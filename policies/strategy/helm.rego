# METADATA
# title: Helm releases are upgraded, watched and rolled back
# description: >-
#   Where settings say so, a release is brought to the version of the chart that was weighed, with the values
#   that it has; Helm waits until it is ready, an address is asked for a while where settings name one, and
#   what goes wrong goes back to the revision that was there.
# related_resources:
#   - "Helm documentation, helm upgrade and helm rollback"
# custom:
#   severity: info
#   incidental: true
#   applies: {kinds: [chart], assets: [release], configured: strategy.helm}
#   requires: [context.environment]
#   remediation: Let the plan upgrade the release and watch it; the steps are asked for here.
package strategy.helm

import data.lib.entries
import data.lib.rollout

helm := entries.first(data.settings.strategy.helm)

oblige contains rollout.duty(helm.notify)

action contains {
	"id": "upgrade",
	"kind": "helm.upgrade/v1",
	"with": object.union_n([
		release,
		{
			"chart": input.change.to.ref,
			"version": input.change.to.version,
			"reuseValues": true,
			"wait": helm.within,
		},
		{"digest": digest | digest := input.change.to.digest},
	]),
	"undo": {
		"kind": "helm.rollback/v1",
		"with": object.union(release, {"revision": {"from": "upgrade.previousRevision"}, "wait": helm.within}),
	},
}

action contains rollout.healthy(helm, ["upgrade"])

action contains rollout.tell(helm.notify, rollout.told(helm, ["upgrade"]))

# What is not known is left out, and a plan that lacks it is refused.
release := object.union_n([
	{"release": name},
	{"namespace": namespace | namespace := input.asset.namespace},
	{"cluster": cluster | cluster := input.asset.cluster},
])

name := text if text := rollout.filled(helm.release)

else := regex.find_n(`[^/]+$`, input.asset.id, 1)[0]
