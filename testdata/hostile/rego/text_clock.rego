# A long text that a function goes through in each turn.
package hostile.text_clock

deny contains "x" if {
	encoded := base64.encode(sprintf("%01000000d", [0]))
	some i in numbers.range(1, 1000)
	base64.decode(encoded) == i
}
