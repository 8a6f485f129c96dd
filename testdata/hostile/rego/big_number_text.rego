# The same, read from a text.
package hostile.big_number_text

deny contains "big" if to_number("1e999999999") > 1

deny contains "big too" if json.unmarshal("[1e999999999]")[0] > 1
