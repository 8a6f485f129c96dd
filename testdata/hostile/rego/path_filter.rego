# A path of as many parts as there is stack.
package hostile.path_filter

deny contains "x" if json.filter({"a": {"b": 1}}, [["a" | some i in numbers.range(1, 100000)]]) == 1
