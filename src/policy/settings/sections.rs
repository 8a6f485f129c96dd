//! The sections of the settings, a file for each part of the shipped policies. A member that is absent
//! is the shipped one.

use schemars::Schema;
use serde_json::Value;

/// Puts every member that is there in the place of the one below it.
macro_rules! over {
    ($($section:ident: $($member:ident),+;)+) => {
        $(impl $section {
            pub(in crate::policy::settings) fn over(self, below: Self) -> Self {
                Self { $($member: self.$member.or(below.$member)),+ }
            }
        })+
    };
}

mod gating;
mod hardening;
mod migrations;
mod promotion;
mod strategy;
mod supply_chain;
mod updates;

pub use gating::*;
pub use hardening::*;
pub use migrations::*;
pub use promotion::*;
pub use strategy::*;
pub use supply_chain::*;
pub use updates::*;

/// Takes `null` out of what members may be: one that is named says something.
pub(in crate::policy::settings) fn never_null(schema: &mut Schema) {
    let Some(Value::Object(members)) = schema.get_mut("properties") else { return };
    for member in members.values_mut().filter_map(Value::as_object_mut) {
        if let Some(Value::Array(types)) = member.get_mut("type") {
            types.retain(|kind| kind != "null");
            if let [one] = types.as_slice() {
                let one = one.clone();
                member.insert("type".to_owned(), one);
            }
        }
        if let Some(Value::Array(any)) = member.get_mut("anyOf") {
            any.retain(|one| one.get("type").is_none_or(|kind| kind != "null"));
            if let [Value::Object(one)] = any.as_slice() {
                let one = one.clone();
                member.remove("anyOf");
                member.extend(one);
            }
        }
    }
}
