# Two long lists of one long list each are compared: what is shared counts as often as it stands there.
package hostile.shared_clock

deny contains "x" if {
	a := numbers.range(1, 200000)
	b := numbers.range(1, 200000)
	x := [a | some i in numbers.range(1, 20000)]
	y := [b | some i in numbers.range(1, 20000)]
	x == y
}
