//! The fields of a Kubernetes pod spec, as the API `core/v1` of Kubernetes 1.34 publishes them.

use std::sync::LazyLock;

use serde_json::{Map, Value, json};

/// The pod spec as a schema: types by their names under `$defs`.
pub(super) static POD: LazyLock<Value> = LazyLock::new(schema);

/// Each type with its fields. Behind a colon is what stands there, in brackets where it is a list; where
/// nothing is said, anything may.
const TYPES: &[(&str, &str)] = &[
    (
        "PodSpec",
        "activeDeadlineSeconds affinity:Affinity automountServiceAccountToken containers:[Container] \
         dnsConfig dnsPolicy enableServiceLinks ephemeralContainers:[Container] hostAliases hostIPC \
         hostNetwork hostPID hostUsers hostname hostnameOverride imagePullSecrets:[Name] \
         initContainers:[Container] nodeName nodeSelector os:Name overhead preemptionPolicy priority \
         priorityClassName readinessGates resourceClaims resources:Resources restartPolicy \
         runtimeClassName schedulerName schedulingGates securityContext:PodSecurityContext serviceAccount \
         serviceAccountName setHostnameAsFQDN shareProcessNamespace subdomain \
         terminationGracePeriodSeconds tolerations:[Toleration] topologySpreadConstraints:[Spread] \
         volumes:[Volume]",
    ),
    (
        "Container",
        "args command env:[EnvVar] envFrom:[EnvFrom] image imagePullPolicy lifecycle:Lifecycle \
         livenessProbe:Probe name ports:[Port] readinessProbe:Probe resizePolicy resources:Resources \
         restartPolicy restartPolicyRules securityContext:SecurityContext startupProbe:Probe stdin \
         stdinOnce targetContainerName terminationMessagePath terminationMessagePolicy tty volumeDevices \
         volumeMounts:[Mount] workingDir",
    ),
    (
        "SecurityContext",
        "allowPrivilegeEscalation appArmorProfile:Profile capabilities:Capabilities privileged procMount \
         readOnlyRootFilesystem runAsGroup runAsNonRoot runAsUser seLinuxOptions:SELinux \
         seccompProfile:Profile windowsOptions:Windows",
    ),
    (
        "PodSecurityContext",
        "appArmorProfile:Profile fsGroup fsGroupChangePolicy runAsGroup runAsNonRoot runAsUser \
         seLinuxChangePolicy seLinuxOptions:SELinux seccompProfile:Profile supplementalGroups \
         supplementalGroupsPolicy sysctls:[Sysctl] windowsOptions:Windows",
    ),
    ("Capabilities", "add drop"),
    ("Profile", "localhostProfile type"),
    ("SELinux", "level role type user"),
    ("Windows", "gmsaCredentialSpec gmsaCredentialSpecName hostProcess runAsUserName"),
    ("Sysctl", "name value"),
    (
        "Probe",
        "exec:Exec failureThreshold grpc httpGet:HttpGet initialDelaySeconds periodSeconds \
         successThreshold tcpSocket:TcpSocket terminationGracePeriodSeconds timeoutSeconds",
    ),
    ("Lifecycle", "postStart:Handler preStop:Handler stopSignal"),
    ("Handler", "exec:Exec httpGet:HttpGet sleep tcpSocket:TcpSocket"),
    ("Exec", "command"),
    ("HttpGet", "host httpHeaders path port scheme"),
    ("TcpSocket", "host port"),
    ("Resources", "claims limits requests"),
    ("Port", "containerPort hostIP hostPort name protocol"),
    ("EnvVar", "name value valueFrom:EnvSource"),
    ("EnvSource", "configMapKeyRef:Key fieldRef fileKeyRef resourceFieldRef secretKeyRef:Key"),
    ("EnvFrom", "configMapRef:Reference prefix secretRef:Reference"),
    ("Key", "key name optional"),
    ("Reference", "name optional"),
    ("Name", "name"),
    ("Mount", "mountPath mountPropagation name readOnly recursiveReadOnly subPath subPathExpr"),
    (
        "Volume",
        "awsElasticBlockStore azureDisk azureFile cephfs cinder configMap csi downwardAPI \
         emptyDir:EmptyDir ephemeral fc flexVolume flocker gcePersistentDisk gitRepo glusterfs \
         hostPath:HostPath image iscsi name nfs persistentVolumeClaim:Claim photonPersistentDisk \
         portworxVolume projected quobyte rbd scaleIO secret storageos vsphereVolume",
    ),
    ("EmptyDir", "medium sizeLimit"),
    ("HostPath", "path type"),
    ("Claim", "claimName readOnly"),
    ("Affinity", "nodeAffinity podAffinity podAntiAffinity"),
    ("Toleration", "effect key operator tolerationSeconds value"),
    (
        "Spread",
        "labelSelector matchLabelKeys maxSkew minDomains nodeAffinityPolicy nodeTaintsPolicy topologyKey \
         whenUnsatisfiable",
    ),
];

fn schema() -> Value {
    let named = |name: &str| json!({"$ref": format!("#/$defs/{name}")});
    let field = |field: &str| {
        let (name, kind) = field.split_once(':').unwrap_or((field, ""));
        let inner = kind.strip_prefix('[').and_then(|kind| kind.strip_suffix(']'));
        let shape = match (inner, kind) {
            (Some(element), _) => json!({"type": "array", "items": named(element)}),
            (None, "") => Value::Bool(true),
            (None, kind) => named(kind),
        };
        (name.to_owned(), shape)
    };
    let types = TYPES.iter().map(|(name, fields)| {
        let members: Map<String, Value> = fields.split_whitespace().map(field).collect();
        ((*name).to_owned(), json!({"type": "object", "properties": members}))
    });
    json!({"$ref": "#/$defs/PodSpec", "$defs": types.collect::<Map<String, Value>>()})
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every type that is named is there, and is named.
    #[test]
    fn types_lead_to_types() {
        let defined: Vec<&str> = TYPES.iter().map(|(name, _)| *name).collect();
        let named = |kind: &str| {
            TYPES.iter().any(|(_, fields)| {
                fields
                    .split_whitespace()
                    .filter_map(|field| field.split_once(':'))
                    .any(|(_, to)| to.trim_matches(['[', ']']) == kind)
            })
        };
        for name in &defined {
            assert!(*name == "PodSpec" || named(name), "{name}");
        }
        for (_, fields) in TYPES {
            for (_, to) in fields.split_whitespace().filter_map(|field| field.split_once(':')) {
                assert!(defined.contains(&to.trim_matches(['[', ']'])), "{to}");
            }
        }
    }
}
