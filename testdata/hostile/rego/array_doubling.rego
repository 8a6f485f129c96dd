# A list that doubles with every line.
package hostile.array_doubling

deny contains "long" if {
	a := numbers.range(1, 1000)
	b := array.concat(a, a)
	c := array.concat(b, b)
	d := array.concat(c, c)
	e := array.concat(d, d)
	f := array.concat(e, e)
	g := array.concat(f, f)
	h := array.concat(g, g)
	i := array.concat(h, h)
	j := array.concat(i, i)
	k := array.concat(j, j)
	l := array.concat(k, k)
	m := array.concat(l, l)
	n := array.concat(m, m)
	o := array.concat(n, n)
	p := array.concat(o, o)
	q := array.concat(p, p)
	count(q) > 0
}
