# Two rules that need each other.
package hostile.mutual_recursion

a if b

b if a

deny contains "round" if a
