# A large object with one member changed, again and again.
package hostile.with_memory

deny contains "x" if {
	o := {i: i | some i in numbers.range(1, 100000)}
	t := [y | some i in numbers.range(1, 10000); y := input with input as o with input.q as i]
	count(t) == 0
}
