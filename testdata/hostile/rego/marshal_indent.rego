# Lines that each begin with a long text.
package hostile.marshal_indent

deny contains "x" if {
	options := {"indent": sprintf("%060000d", [0])}
	json.marshal_with_options(numbers.range(1, 50000), options) == ""
}
