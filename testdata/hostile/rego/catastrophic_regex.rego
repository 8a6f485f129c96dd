# Nested repetitions over a text of one letter.
package hostile.catastrophic_regex

text := concat("", [letter | some i in numbers.range(1, 20000); letter := "a"])

deny contains "matched" if {
	some i in numbers.range(1, 100000)
	regex.match(sprintf(`^((a{1,30}){1,30}){1,3}b%d$`, [i]), text)
}
