# Each match gives as many texts as there are groups.
package hostile.regex_groups

deny contains "x" if {
	pattern := concat("", ["()" | some i in numbers.range(1, 200)])
	count(regex.find_all_string_submatch_n(pattern, sprintf("%0200000d", [0]), -1)) == 0
}
