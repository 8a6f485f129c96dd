# A large set and one element more, again and again, interpreted.
package hostile.set_union_clock

deny contains "x" if {
	time.now_ns() > 0
	s := {i | some i in numbers.range(1, 100000)}
	count([t | some i in numbers.range(1, 100000); t := s | {i + 1000000}]) == 0
}
