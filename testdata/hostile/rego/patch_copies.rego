# A document that each operation of one patch copies into itself.
package hostile.patch_copies

deny contains "x" if {
	ops := [{"op": "copy", "from": "", "path": sprintf("/%d", [i])} | some i in numbers.range(1, 40)]
	x := json.patch({}, ops)
	count(x) == 0
}
