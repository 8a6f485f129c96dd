# Two long lists compared again and again, interpreted.
package hostile.compare_clock

deny contains "x" if {
	time.now_ns() > 0
	r := numbers.range(1, 500000)
	s := numbers.range(1, 500000)
	count([1 | some i in numbers.range(1, 100000); r < s]) == 0
}
