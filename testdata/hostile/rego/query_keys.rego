# A long key that stands before each of its values.
package hostile.query_keys

deny contains "x" if {
	values := ["" | some i in numbers.range(1, 20000)]
	urlquery.encode_object({sprintf("%0500000d", [0]): values}) == ""
}
