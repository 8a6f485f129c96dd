# Every part of a large value with every other.
package hostile.walk_pairs_clock

deny contains "x" if {
	time.now_ns() > 0
	r := numbers.range(1, 2000)
	g := [[[r]], r]
	count([1 | walk(g, [p, v]); walk(g, [q, w]); p == q]) == 0
}
