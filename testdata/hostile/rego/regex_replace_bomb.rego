# Every letter becomes the whole text, again and again.
package hostile.regex_replace_bomb

a := regex.replace("aaaaaaaaaaaaaaaa", "a", "bbbbbbbbbbbbbbbb")

b := regex.replace(a, "b", a)

c := regex.replace(b, "b", b)

d := regex.replace(c, "b", c)

deny contains d
