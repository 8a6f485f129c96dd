# A rule with a million values.
package hostile.partial_object

p[i] := r if {
	some i in numbers.range(1, 1000000)
	r := [i, {"a": i, "b": [i, i, i]}]
}

deny contains "x" if count(p) == 0
