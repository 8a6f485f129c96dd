# A function that calls itself without end.
package hostile.recursion

f(x) := f(x + 1)

deny contains "deep" if f(0)
