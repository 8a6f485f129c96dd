# A text in which every digit becomes ten, again and again.
package hostile.replace_doubling

deny contains "x" if {
	m := {sprintf("%d", [i]): "1234567890" | some i in numbers.range(0, 9)}
	s0 := "0123456789"
	s1 := strings.replace_n(m, s0)
	s2 := strings.replace_n(m, s1)
	s3 := strings.replace_n(m, s2)
	s4 := strings.replace_n(m, s3)
	s5 := strings.replace_n(m, s4)
	s6 := strings.replace_n(m, s5)
	s7 := strings.replace_n(m, s6)
	s8 := strings.replace_n(m, s7)
	s9 := strings.replace_n(m, s8)
	s10 := strings.replace_n(m, s9)
	s11 := strings.replace_n(m, s10)
	s12 := strings.replace_n(m, s11)
	count(s12) == 0
}
