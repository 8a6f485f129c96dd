# A width of a thousand million.
package hostile.sprintf_width

deny contains sprintf("%1000000000d", [1])
