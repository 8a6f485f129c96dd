# More digits than a number is written with.
package hostile.sprintf_precision

deny contains "x" if sprintf("%.999999f", [1.5]) == "x"

deny contains "x" if sprintf("%.65536g", [1.5]) == "x"

deny contains "x" if sprintf("%.70000v", [1.5]) == "x"
