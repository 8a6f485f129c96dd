# Functions that each call the next one twice.
package hostile.function_chain

f0(x) := f1(x) + f1(x)

f1(x) := f2(x) + f2(x)

f2(x) := f3(x) + f3(x)

f3(x) := f4(x) + f4(x)

f4(x) := f5(x) + f5(x)

f5(x) := f6(x) + f6(x)

f6(x) := f7(x) + f7(x)

f7(x) := f8(x) + f8(x)

f8(x) := f9(x) + f9(x)

f9(x) := f10(x) + f10(x)

f10(x) := f11(x) + f11(x)

f11(x) := f12(x) + f12(x)

f12(x) := f13(x) + f13(x)

f13(x) := f14(x) + f14(x)

f14(x) := f15(x) + f15(x)

f15(x) := f16(x) + f16(x)

f16(x) := f17(x) + f17(x)

f17(x) := f18(x) + f18(x)

f18(x) := f19(x) + f19(x)

f19(x) := f20(x) + f20(x)

f20(x) := f21(x) + f21(x)

f21(x) := f22(x) + f22(x)

f22(x) := f23(x) + f23(x)

f23(x) := f24(x) + f24(x)

f24(x) := f25(x) + f25(x)

f25(x) := f26(x) + f26(x)

f26(x) := f27(x) + f27(x)

f27(x) := f28(x) + f28(x)

f28(x) := x

deny contains "x" if f0(1) > 1
