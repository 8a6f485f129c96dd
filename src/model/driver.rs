//! What a kind of step says of itself. The code that carries it out lives in `drivers`.

mod shape;

pub(crate) use shape::weights;

/// How a parameter or output looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Text.
    Text,
    /// `sha256:` and 64 lower-case hex digits.
    Digest,
    /// A whole number.
    Integer,
    /// A number.
    Number,
    /// `true` or `false`.
    Boolean,
    /// A duration such as `5m`.
    Age,
    /// A mapping of numbers, such as traffic weights.
    Weights,
    /// A mapping of anything.
    Object,
    /// A list of anything.
    List,
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// A secret by reference: `{env: NAME}` or `{file: PATH}`, never the value.
    Reference,
    /// Whom a message goes to: a name, or an address by reference.
    Recipient,
}

/// A parameter or an output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// Name.
    pub name: &'static str,
    /// How it looks.
    pub shape: Shape,
    /// Whether it must be there.
    pub required: bool,
    /// What it is.
    pub about: &'static str,
}

impl Field {
    /// A field that must be there.
    pub const fn required(name: &'static str, shape: Shape, about: &'static str) -> Self {
        Self { name, shape, required: true, about }
    }

    /// A field that may be left out.
    pub const fn optional(name: &'static str, shape: Shape, about: &'static str) -> Self {
        Self { name, shape, required: false, about }
    }
}

/// Parameters that must be there because of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Needs {
    /// The other parameter.
    pub param: &'static str,
    /// The word that it has; whatever it has where there is none.
    pub is: Option<&'static str>,
    /// What must be there then.
    pub also: &'static [&'static str],
}

/// A kind of step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spec {
    /// Kind, as in `registry.tag/v1`.
    pub kind: &'static str,
    /// What it does, in one line.
    pub about: &'static str,
    /// What it takes.
    pub params: &'static [Field],
    /// What it takes because of something else that it takes.
    pub needs: &'static [Needs],
    /// What it gives to later steps.
    pub outputs: &'static [Field],
    /// Clients that it needs: `oci`, `kubernetes`, `http`, …
    pub clients: &'static [&'static str],
    /// Permissions that it needs, in the words of the system that grants them.
    pub permissions: &'static [&'static str],
    /// Whether it changes an environment, and so needs an undo or an approval for having none.
    pub changes: bool,
    /// Whether what it did can be observed.
    pub observable: bool,
    /// Whether it can be taken back.
    pub undoable: bool,
    /// Whether what it gives is new, so that it must be weighed before another step builds on it.
    pub creates: bool,
    /// Seconds after which it has failed.
    pub timeout: u32,
}
