# A product of a hundred thousand factors.
package hostile.product_of_many

deny contains "big" if product(numbers.range(1, 100000)) > 1
