# METADATA
# title: The step of the path that a promotion takes
# description: Undefined where the settings know no such step.
package lib.promotion

steps := [path |
	some path in data.settings.promotion.paths
	path.from == input.change.promotion.from
	path.to == input.change.promotion.to
]

# Settings hold each step once.
step := steps[0]

# The artifacts that the promotion brings.
changed := [artifact | some artifact in input.artifacts; artifact.changed]
