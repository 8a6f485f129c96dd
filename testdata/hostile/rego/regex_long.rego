# A regular expression of half a million letters.
package hostile.regex_long

deny contains "x" if {
	time.now_ns() > 0
	p := concat("", ["a{1,2}(b|c)" | some i in numbers.range(1, 30000)])
	count([1 | some i in numbers.range(1, 100000); regex.match(p, "a")]) == 5
}
