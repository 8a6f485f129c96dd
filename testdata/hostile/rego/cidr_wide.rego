# As many addresses as there is memory for.
package hostile.cidr_wide

deny contains "x" if count(net.cidr_expand("10.0.0.0/12")) == 0

deny contains "x" if count(net.cidr_expand("10.0.0.0/12")) == 0
