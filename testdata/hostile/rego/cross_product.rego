# A set of all pairs of a large range.
package hostile.cross_product

all := numbers.range(1, 100000)

deny contains "many" if count({[a, b] | some a in all; some b in all}) > 0
