# A text that doubles with every line.
package hostile.concat_doubling

deny contains x if {
	a := "0123456789abcdef"
	b := concat("", [a, a, a, a, a, a, a, a])
	c := concat("", [b, b, b, b, b, b, b, b])
	d := concat("", [c, c, c, c, c, c, c, c])
	e := concat("", [d, d, d, d, d, d, d, d])
	f := concat("", [e, e, e, e, e, e, e, e])
	g := concat("", [f, f, f, f, f, f, f, f])
	h := concat("", [g, g, g, g, g, g, g, g])
	i := concat("", [h, h, h, h, h, h, h, h])
	x := concat("", [i, i, i, i, i, i, i, i])
}
