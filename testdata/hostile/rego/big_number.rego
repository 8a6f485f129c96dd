# A number with a thousand million digits.
package hostile.big_number

deny contains "big" if 1e999999999 > 1
