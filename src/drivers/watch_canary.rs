//! `watch.canary/v1`.

use crate::model::driver::{Field, Needs, Shape, Spec};

/// Watches a canary for a while, and fails on the first sign that it is worse than allowed. No data is a failure.
pub const SPEC: Spec = Spec {
    kind: "watch.canary/v1",
    about: "Watches a canary for a while, and fails on the first sign that it is worse than allowed. No data is a failure.",
    params: &[
        Field::optional("health", Shape::Text, "Address that must answer with success."),
        Field::required("every", Shape::Age, "How often it looks."),
        Field::required("for", Shape::Age, "How long it looks."),
        Field::optional(
            "maxConsecutiveFailures",
            Shape::Integer,
            "Failures in a row at which it fails; 1 where it does not say.",
        ),
        Field::optional("errorRateMax", Shape::Number, "Largest share of failed requests, from 0 to 1."),
        Field::optional(
            "p99MsMax",
            Shape::Number,
            "Largest 99th percentile of the latency, in milliseconds.",
        ),
        Field::optional(
            "metrics",
            Shape::Object,
            "Where the figures come from: `provider`, and what it needs.",
        ),
    ],
    needs: &[
        Needs { param: "errorRateMax", is: None, also: &["metrics"] },
        Needs { param: "p99MsMax", is: None, also: &["metrics"] },
    ],
    outputs: &[
        Field::required("samples", Shape::Integer, "How often it looked."),
        Field::optional("errorRate", Shape::Number, "Worst error rate that was seen."),
        Field::optional("p99Ms", Shape::Number, "Worst 99th percentile that was seen."),
    ],
    clients: &["http", "prometheus"],
    permissions: &["Prometheus: query"],
    changes: false,
    observable: true,
    undoable: false,
    creates: false,
    timeout: 86400,
};
