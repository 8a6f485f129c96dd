# Every address of a large network.
package hostile.cidr_expand

deny contains "many" if count(net.cidr_expand("10.0.0.0/6")) > 0
