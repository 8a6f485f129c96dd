//! The codes. Each is stable, says what kind of thing went wrong, and has a page in `docs/errors/`.

/// A stable code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Code {
    /// Room and name, as in `input.unknown-field`; the name of its page.
    pub id: &'static str,
    /// What it means, in one line.
    pub title: &'static str,
}

macro_rules! codes {
    ($($name:ident $id:literal $title:literal)*) => {
        $(#[doc = $title] pub const $name: Code = Code { id: $id, title: $title };)*
        /// Every code there is.
        pub const CODES: &[Code] = &[$($name),*];
    };
}

codes! {
    CONFIG_INVALID "config.invalid" "The configuration or the settings do not have the shape they must have."
    CONFIG_UNREADABLE "config.unreadable" "A file that the configuration names cannot be read."
    INPUT_CONFLICT "input.conflict" "Two parts of the input say different things about one item."
    INPUT_DANGLING "input.dangling" "Something refers to an item that is not there."
    INPUT_DUPLICATE "input.duplicate" "The same id or key stands twice."
    INPUT_EMPTY "input.empty" "There is nothing to evaluate."
    INPUT_FORGED "input.forged" "A document states what only Weighlock may state."
    INPUT_INVALID "input.invalid" "A document does not have the shape it must have."
    INPUT_NUMBER "input.number" "A number cannot be carried exactly by canonical JSON."
    INPUT_SYNTAX "input.syntax" "A document is not JSON or YAML."
    INPUT_TOO_LARGE "input.too-large" "A document is larger than the limit."
    INPUT_UNKNOWN_FIELD "input.unknown-field" "A field is not known."
    INPUT_UNREADABLE "input.unreadable" "A file or directory cannot be read."
    INPUT_VERSION "input.version" "The version or kind of a document is not known."
    KEY_INVALID "key.invalid" "A key or signature cannot be used."
    OUTPUT_UNWRITABLE "output.unwritable" "A file cannot be written."
    PLAN_INVALID "plan.invalid" "The steps that policies ask for do not make a plan."
    POLICY_CONFLICT "policy.conflict" "Two policies, or a policy and data, claim the same name."
    POLICY_EMPTY "policy.empty" "There are no policies."
    POLICY_INVALID "policy.invalid" "A policy does not compile."
    POLICY_METADATA "policy.metadata" "The metadata of a rule cannot be understood."
    POLICY_UNREADABLE "policy.unreadable" "A policy cannot be read."
    RECORD_ALTERED "record.altered" "A record is not what was signed, or its digests do not agree."
    TEST_EMPTY "test.empty" "There is no test to run."
    TEST_KEEP "test.keep" "A comment that is to keep a condition does not say why, or keeps none."
    USAGE "usage" "The command cannot be carried out as it was given."
}
