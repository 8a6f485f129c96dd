# One call that would produce a thousand million numbers.
package hostile.huge_range

deny contains "many" if count(numbers.range(1, 1000000000)) > 0
