# A document that a patch puts into itself, again and again, by moving it.
package hostile.patch_moves

deny contains "x" if {
	wrap := [
		{"op": "add", "path": "/b", "value": {}},
		{"op": "move", "from": "/a", "path": "/b/a"},
		{"op": "move", "from": "/b", "path": "/a"},
	]
	x := json.patch({"a": 1}, [op | some i in numbers.range(1, 8000); some op in array.concat(wrap, [])])
	count(x) == 0
}
