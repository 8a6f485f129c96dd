# A long text for each of a million numbers.
package hostile.sprintf_clock

deny contains "x" if {
	time.now_ns() > 0
	s0 := "0123456789"
	s1 := sprintf("%s%s%s%s%s%s%s%s", [s0, s0, s0, s0, s0, s0, s0, s0])
	s2 := sprintf("%s%s%s%s%s%s%s%s", [s1, s1, s1, s1, s1, s1, s1, s1])
	s3 := sprintf("%s%s%s%s%s%s%s%s", [s2, s2, s2, s2, s2, s2, s2, s2])
	s4 := sprintf("%s%s%s%s%s%s%s%s", [s3, s3, s3, s3, s3, s3, s3, s3])
	count([x | some i in numbers.range(1, 1000000); x := sprintf("%s%d", [s4, i])]) == 0
}
