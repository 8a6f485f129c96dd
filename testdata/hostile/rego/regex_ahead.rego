# Each match of a pattern looks through the whole text.
package hostile.regex_ahead

zeros := sprintf("%0200000d", [0])

deny contains "x" if count(regex.find_n("0*1|0", zeros, -1)) == 0

deny contains "x" if regex.replace(zeros, "0*1|0", "") == "x"

deny contains "x" if count(regex.split("0*1|0", zeros)) == 0

deny contains "x" if count(regex.find_all_string_submatch_n("0*1|0", zeros, -1)) == 0
