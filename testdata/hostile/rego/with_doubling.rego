# An input that is replaced by a pair of itself, thirty times; compared with another such.
package hostile.with_doubling

r0 := input

r1 := x if {
	x := r0 with input as [input, input]
}

r2 := x if {
	x := r1 with input as [input, input]
}

r3 := x if {
	x := r2 with input as [input, input]
}

r4 := x if {
	x := r3 with input as [input, input]
}

r5 := x if {
	x := r4 with input as [input, input]
}

r6 := x if {
	x := r5 with input as [input, input]
}

r7 := x if {
	x := r6 with input as [input, input]
}

r8 := x if {
	x := r7 with input as [input, input]
}

r9 := x if {
	x := r8 with input as [input, input]
}

r10 := x if {
	x := r9 with input as [input, input]
}

r11 := x if {
	x := r10 with input as [input, input]
}

r12 := x if {
	x := r11 with input as [input, input]
}

r13 := x if {
	x := r12 with input as [input, input]
}

r14 := x if {
	x := r13 with input as [input, input]
}

r15 := x if {
	x := r14 with input as [input, input]
}

r16 := x if {
	x := r15 with input as [input, input]
}

r17 := x if {
	x := r16 with input as [input, input]
}

r18 := x if {
	x := r17 with input as [input, input]
}

r19 := x if {
	x := r18 with input as [input, input]
}

r20 := x if {
	x := r19 with input as [input, input]
}

r21 := x if {
	x := r20 with input as [input, input]
}

r22 := x if {
	x := r21 with input as [input, input]
}

r23 := x if {
	x := r22 with input as [input, input]
}

r24 := x if {
	x := r23 with input as [input, input]
}

r25 := x if {
	x := r24 with input as [input, input]
}

r26 := x if {
	x := r25 with input as [input, input]
}

r27 := x if {
	x := r26 with input as [input, input]
}

r28 := x if {
	x := r27 with input as [input, input]
}

r29 := x if {
	x := r28 with input as [input, input]
}

r30 := x if {
	x := r29 with input as [input, input]
}

q0 := input

q1 := x if {
	x := q0 with input as [input, input]
}

q2 := x if {
	x := q1 with input as [input, input]
}

q3 := x if {
	x := q2 with input as [input, input]
}

q4 := x if {
	x := q3 with input as [input, input]
}

q5 := x if {
	x := q4 with input as [input, input]
}

q6 := x if {
	x := q5 with input as [input, input]
}

q7 := x if {
	x := q6 with input as [input, input]
}

q8 := x if {
	x := q7 with input as [input, input]
}

q9 := x if {
	x := q8 with input as [input, input]
}

q10 := x if {
	x := q9 with input as [input, input]
}

q11 := x if {
	x := q10 with input as [input, input]
}

q12 := x if {
	x := q11 with input as [input, input]
}

q13 := x if {
	x := q12 with input as [input, input]
}

q14 := x if {
	x := q13 with input as [input, input]
}

q15 := x if {
	x := q14 with input as [input, input]
}

q16 := x if {
	x := q15 with input as [input, input]
}

q17 := x if {
	x := q16 with input as [input, input]
}

q18 := x if {
	x := q17 with input as [input, input]
}

q19 := x if {
	x := q18 with input as [input, input]
}

q20 := x if {
	x := q19 with input as [input, input]
}

q21 := x if {
	x := q20 with input as [input, input]
}

q22 := x if {
	x := q21 with input as [input, input]
}

q23 := x if {
	x := q22 with input as [input, input]
}

q24 := x if {
	x := q23 with input as [input, input]
}

q25 := x if {
	x := q24 with input as [input, input]
}

q26 := x if {
	x := q25 with input as [input, input]
}

q27 := x if {
	x := q26 with input as [input, input]
}

q28 := x if {
	x := q27 with input as [input, input]
}

q29 := x if {
	x := q28 with input as [input, input]
}

q30 := x if {
	x := q29 with input as [input, input]
}

deny contains "x" if r30 < q30
