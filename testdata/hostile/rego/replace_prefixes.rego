# Long texts to replace that begin as every part of a text does.
package hostile.replace_prefixes

deny contains "x" if {
	zeros := sprintf("%0100000d", [0])
	long := {concat("", [zeros, format_int(i, 10)]): "" | some i in numbers.range(100, 300)}
	strings.replace_n(long, sprintf("%0300000d", [0])) == "x"
}
