# A path of as many parts as there is stack.
package hostile.path_remove

deny contains "x" if json.remove({"a": {"b": 1}}, [["a" | some i in numbers.range(1, 100000)]]) == 1
