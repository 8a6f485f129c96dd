# METADATA
# title: Pods set no kernel parameter that reaches beyond them
# description: Parameters that the kernel keeps for each pod by itself, and that harm no other, may be set.
# related_resources:
#   - "Kubernetes, Pod Security Standards: baseline and restricted"
#   - "Kubernetes documentation, Using sysctls in a Kubernetes Cluster: safe and unsafe sysctls"
# custom:
#   severity: high
#   applies: {kinds: [admission, config], assets: [workload, pod]}
#   requires: [asset.podSpec]
#   waivable: true
#   remediation: Take it away, or have whoever runs the node set it.
package hardening.pod.sysctls

safe := {
	"kernel.shm_rmid_forced",
	"net.ipv4.ip_local_port_range",
	"net.ipv4.ip_local_reserved_ports",
	"net.ipv4.ip_unprivileged_port_start",
	"net.ipv4.ping_group_range",
	"net.ipv4.tcp_fin_timeout",
	"net.ipv4.tcp_keepalive_intvl",
	"net.ipv4.tcp_keepalive_probes",
	"net.ipv4.tcp_keepalive_time",
	"net.ipv4.tcp_rmem",
	"net.ipv4.tcp_syncookies",
	"net.ipv4.tcp_wmem",
}

deny contains finding if {
	not leaves
	some i, sysctl in input.asset.podSpec.securityContext.sysctls
	name := object.get(sysctl, "name", "")
	not name in safe
	finding := {
		"msg": sprintf("`%s` is not one of the parameters that are safe to set", [name]),
		"path": sprintf("/asset/podSpec/securityContext/sysctls/%d", [i]),
	}
}

# What goes away need not be hardened, and an `exec` changes no pod.
leaves if input.change.operation in {"DELETE", "CONNECT"}
