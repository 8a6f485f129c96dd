# An object of a hundred million pairs: only the interpreter makes objects this way.
package hostile.map_comprehension

deny contains "x" if {
	r := numbers.range(1, 10000)
	count({[i, j]: {"a": i, "b": [j]} | some i in r; some j in r}) == 0
}
