# A comprehension over four nested loops: ten thousand million turns.
package hostile.endless_comprehension

digits := numbers.range(1, 300)

deny contains "many" if {
	count([1 | some a in digits; some b in digits; some c in digits; some d in digits; a + b + c + d < 0]) == 0
}
