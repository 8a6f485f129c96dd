# A glob of thirty thousand alternatives.
package hostile.glob_long

deny contains "x" if {
	p := concat(",", [sprintf("a*b%d", [i]) | some i in numbers.range(1, 30000)])
	count([1 | some i in numbers.range(1, 100000); glob.match(concat("", ["{", p, "}"]), [], "a")]) == 5
}
