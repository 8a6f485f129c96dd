# Products of products of large numbers.
package hostile.product_of_products

deny contains "x" if {
	x := product([y | some i in numbers.range(1, 1000); y := bits.lsh(1, 4096)])
	z := product([x, x, x, x, x, x, x, x])
	product([z, z, z, z, z, z, z, z]) == 1
}

deny contains "y" if {
	x := product([y | some i in numbers.range(1, 100); y := bits.lsh(1, 4096) - 1])
	z := (x * x) * (x * x)
	sprintf("%d", [z]) == "x"
}
