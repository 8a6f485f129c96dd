# All paths of a large and deep value, many times.
package hostile.walk_large

deny contains "many" if {
	some i in numbers.range(1, 100000)
	some path, value in walk_all
	count(path) > i
}

walk_all[path] := value if {
	large := {"a": [numbers.range(1, 1000) | some _ in numbers.range(1, 1000)]}
	walk(large, [path, value])
}
