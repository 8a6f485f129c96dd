# METADATA
# title: Production sees a canary first
# description: >-
#   A change there is allowed only if its plan shows it to a part of the traffic, watches it, and
#   takes it back when it does badly. The steps that do this are asked for here too.
# related_resources:
#   - description: Google, Site Reliability Workbook (2018), 16 Canarying Releases
#     ref: https://sre.google/workbook/canarying-releases/
# custom:
#   severity: medium
#   applies: {kinds: [image, promotion], assets: [workload]}
#   requires: {artifacts.digest: {}}
package strategy.canary

import data.lib.settings

canary := settings.first(data.settings.strategy.canary)

oblige contains {"kind": "canary", "with": object.remove(canary, ["environments", "notify"])} if canary
