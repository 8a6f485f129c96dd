# METADATA
# title: Fixes that cannot wait
# description: Of critical vulnerabilities that somebody says are exploited. Where nobody says, none is.
package lib.fixes

exploited := sort({fix.id | some fix in input.change.fixes; fix.exploited == true; fix.severity == "critical"})

urgent if count(exploited) > 0
