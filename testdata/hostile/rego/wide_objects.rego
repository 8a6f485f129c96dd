# A wide object for each of a million pairs.
package hostile.wide_objects

deny contains "x" if {
	r := numbers.range(1, 1000)
	count([{"k0": i, "k1": i, "k2": i, "k3": i, "k4": i, "k5": i, "k6": i, "k7": i, "k8": i, "k9": i, "k10": i, "k11": i, "k12": i, "k13": i, "k14": i, "k15": i, "k16": i, "k17": i, "k18": i, "k19": i, "k20": i, "k21": i, "k22": i, "k23": i, "k24": i, "k25": i, "k26": i, "k27": i, "k28": i, "k29": i, "k30": i, "k31": i, "k32": i, "k33": i, "k34": i, "k35": i, "k36": i, "k37": i, "k38": i, "k39": i, "k40": i, "k41": i, "k42": i, "k43": i, "k44": i, "k45": i, "k46": i, "k47": i, "k48": i, "k49": i, "k50": i, "k51": i, "k52": i, "k53": i, "k54": i, "k55": i, "k56": i, "k57": i, "k58": i, "k59": i, "k60": i, "k61": i, "k62": i, "k63": i, "k64": i, "k65": i, "k66": i, "k67": i, "k68": i, "k69": i, "k70": i, "k71": i, "k72": i, "k73": i, "k74": i, "k75": i, "k76": i, "k77": i, "k78": i, "k79": i, "k80": i, "k81": i, "k82": i, "k83": i, "k84": i, "k85": i, "k86": i, "k87": i, "k88": i, "k89": i, "k90": i, "k91": i, "k92": i, "k93": i, "k94": i, "k95": i, "k96": i, "k97": i, "k98": i, "k99": i, "k100": i, "k101": i, "k102": i, "k103": i, "k104": i, "k105": i, "k106": i, "k107": i, "k108": i, "k109": i, "k110": i, "k111": i, "k112": i, "k113": i, "k114": i, "k115": i, "k116": i, "k117": i, "k118": i, "k119": i} | some i in r; some j in r]) == 0
}
