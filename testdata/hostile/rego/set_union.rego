# Unions of sets, each a copy.
package hostile.set_union

base := {i | some i in numbers.range(1, 10000)}

deny contains "many" if {
	count([s | some i in numbers.range(1, 100000); s := base | {0 - i}]) > 0
}
