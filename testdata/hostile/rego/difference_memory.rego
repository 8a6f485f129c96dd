# A large set less one element, again and again.
package hostile.difference_memory

deny contains "x" if {
	s := {i | some i in numbers.range(1, 100000)}
	t := [y | some i in numbers.range(1, 10000); y := s - {i}]
	count(t) == 0
}
