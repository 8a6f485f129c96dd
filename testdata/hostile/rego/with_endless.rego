# The same as an endless comprehension, where only the interpreter can go.
package hostile.with_endless

digits := numbers.range(1, 300)

total := count([1 | some a in digits; some b in digits; some c in digits; some d in digits; a + b + c + d < 0])

deny contains "many" if total == 0 with input as {}
