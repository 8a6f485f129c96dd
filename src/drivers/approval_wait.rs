//! `approval.wait/v1`.

use crate::model::driver::{Field, Shape, Spec};

/// Waits until so many people of a role have approved, or fails when the time is over.
pub const SPEC: Spec = Spec {
    kind: "approval.wait/v1",
    about: "Waits until so many people of a role have approved, or fails when the time is over.",
    params: &[
        Field::required("role", Shape::Text, "Role that they must hold in the operator's directory."),
        Field::optional("count", Shape::Integer, "How many different people; 1 where it does not say."),
        Field::required("within", Shape::Age, "How long it waits."),
        Field::optional("about", Shape::Text, "What they are asked, in a sentence."),
    ],
    needs: &[],
    outputs: &[Field::required("by", Shape::List, "Who approved.")],
    clients: &[],
    permissions: &[],
    changes: false,
    observable: true,
    undoable: false,
    creates: false,
    timeout: 1209600,
};
