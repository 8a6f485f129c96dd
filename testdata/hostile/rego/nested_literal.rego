# Brackets at the beginning of brackets: each doubles what the parser does.
package hostile.nested_literal

deny contains "x" if {
	x := [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]
	count(x) > 1
}
