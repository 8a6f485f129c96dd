# Every path through a graph in which all is joined to all.
package hostile.reachable_paths

nodes := {sprintf("%d", [i]) | some i in numbers.range(1, 20)}

graph_of[n] := nodes if some n in nodes

deny contains "many" if count(graph.reachable_paths(graph_of, {"1"})) > 0
