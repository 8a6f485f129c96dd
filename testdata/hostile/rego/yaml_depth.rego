# A hundred thousand brackets, read as YAML.
package hostile.yaml_depth

deny contains "x" if {
	s := concat("", ["[" | some i in numbers.range(1, 100000)])
	t := concat("", ["]" | some i in numbers.range(1, 100000)])
	count(yaml.unmarshal(concat("", [s, t]))) > 3
}
