# METADATA
# title: The step of the path that a promotion takes
# description: Undefined where the settings know no such step.
package lib.promotion

steps := [step |
	some step in data.settings.promotion.paths
	step.from == input.change.promotion.from
	step.to == input.change.promotion.to
]

# Settings hold each step once.
step := steps[0]

# The artifacts that the promotion brings.
changed := [artifact | some artifact in input.artifacts; artifact.changed]
