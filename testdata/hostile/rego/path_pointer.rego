# A path of as many parts as there is stack, as a text.
package hostile.path_pointer

deny contains "x" if json.filter({"a": 1}, [concat("/", ["a" | some i in numbers.range(1, 100000)])]) == 1
