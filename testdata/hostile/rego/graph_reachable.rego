# What can be reached from every node of a large graph.
package hostile.graph_reachable

deny contains "x" if {
	r := numbers.range(1, 50000)
	g := {i: [i + 1, i + 2] | some i in r}
	count([1 | some i in r; count(graph.reachable(g, {i})) > 3]) == 0
}
