# METADATA
# title: A fix below sets off patch, rebuild and offer
# description: >-
#   Where settings say so, a fix of a base image or a package goes by itself as far as the environment in
#   which it is tried: the source is patched, the image is built anew, weighed, published and deployed
#   there, and a pull request offers it to the next one, where people decide. What else a commit brings
#   sets off nothing.
# related_resources:
#   - "Conventional Commits 1.0.0"
#   - "SLSA v1.1, Build track"
# custom:
#   severity: medium
#   incidental: true
#   applies: {kinds: [base_image, dependency], assets: [workload], configured: strategy.cascade}
#   requires: [asset.build, change.commit, context.environment]
#   remediation: Let the plan patch, rebuild, weigh and offer; the steps are asked for here.
package strategy.cascade

import data.lib.entries
import data.lib.rollout

cascade := entry if {
	entry := entries.first(data.settings.strategy.cascade)
	input.change.commit.type in entry.types
	not input.change.commit.breaking
	not input.asset.build.autoRebuild == false
}

offer := cascade.pullRequest

oblige contains {"kind": "blitz"} if cascade

oblige contains {"kind": "pullRequest", "with": {"base": offer.base, "repository": offer.repository}}

oblige contains rollout.duty(cascade.notify)

# Checkout and patch: one line of the source.
action contains {
	"id": "patch",
	"kind": "git.update/v1",
	"with": object.union_n([
		source, edit,
		{"base": name | name := input.asset.build.branch},
		{"message": sprintf("fix(deps): %s", [brought])},
	]),
	"undo": {"kind": "git.revert/v1", "with": object.union(source, {"commit": {"from": "patch.commit"}})},
}

# Build and test: what comes of it has not been weighed.
action contains {
	"id": "rebuild",
	"kind": "build.dispatch/v1",
	"with": object.union_n([
		rollout.build(cascade),
		{"ref": {"from": "patch.branch"}},
		{"inputs": {"triggered_by": "weighlock", "version_bump": "patch"}},
	]),
}

action contains rollout.weigh if cascade

action contains {
	"id": "publish",
	"kind": "registry.tag/v1",
	"with": {
		"ref": rollout.image,
		"digest": {"from": "weigh.digest"},
		"tag": sprintf("%s-fix", [object.get(rollout.built, "tag", input.context.environment)]),
	},
} if {
	cascade
}

# To where it is tried, at once.
action contains {
	"id": "deploy",
	"kind": "kubernetes.setImage/v1",
	"with": deployment({"from": "weigh.digest"}),
	"undo": {"kind": "kubernetes.setImage/v1", "with": deployment({"from": "deploy.previousDigest"})},
	"after": ["publish"],
} if {
	cascade
}

action contains {
	"id": "wait",
	"kind": "kubernetes.waitRollout/v1",
	"with": {"asset": input.asset.id},
	"after": ["deploy"],
} if {
	cascade
}

# And to the next environment as an offer: its people merge it, or not.
action contains {
	"id": "offer",
	"kind": "git.update/v1",
	"with": object.union(offered, {
		"base": offer.base,
		"file": replace(offer.file, "{application}", rollout.route),
		"edit": "image",
		"ref": rollout.image,
		"digest": {"from": "weigh.digest"},
		"message": title,
	}),
	"undo": {"kind": "git.revert/v1", "with": object.union(offered, {"commit": {"from": "offer.commit"}})},
	"after": ["wait"],
}

action contains {
	"id": "pull-request",
	"kind": "forge.pullRequest/v1",
	"with": object.union(
		{
			"provider": offer.provider,
			"server": cascade.server,
			"repository": offer.repository,
			"token": {"env": cascade.token},
			"head": {"from": "offer.branch"},
			"base": offer.base,
			"title": title,
			"body": sprintf("%s: what was built with it was weighed and runs in `%s`. Merging it is the approval.", [brought, input.context.environment]),
		},
		{"labels": labels | labels := offer.labels},
	),
	"fulfils": ["pullRequest.base", "pullRequest.repository"],
}

action contains rollout.tell(cascade.notify, ["pull-request"])

branch := concat("", [cascade.branch, rollout.route])

source := {
	"repository": concat("", [cascade.server, input.asset.build.repository]),
	"branch": branch,
	"token": {"env": cascade.token},
}

offered := {
	"repository": concat("", [cascade.server, offer.repository]),
	"branch": branch,
	"token": {"env": cascade.token},
}

title := sprintf("fix(deps): propagate security patch to %s (%s)", [offer.environment, brought])

brought := concat(" ", array.concat([input.change.to.ref], [version | version := input.change.to.version]))

# Which line of the source: the base image of its Dockerfile …
edit := object.union_n([
	{"edit": "from", "ref": input.change.to.ref},
	{"file": file | file := input.asset.build.dockerfile},
	{"tag": version | version := input.change.to.version},
	{"digest": digest | digest := input.change.to.digest},
]) if {
	input.change.kind == "base_image"
}

# … or the pin of a package.
edit := {
	"file": cascade.manifest,
	"edit": "package",
	"package": input.change.to.ref,
	"version": input.change.to.version,
} if {
	input.change.kind == "dependency"
}

deployment(digest) := object.union(rollout.container(rollout.built), {"digest": digest, "writeTo": "live"})
