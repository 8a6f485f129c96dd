//! Unions of many: each part is gone through once, and nothing is copied that came before.

use std::sync::Arc;

use regorus::Value;

use super::own::Wrong;

/// `union`.
pub(super) fn of_sets(args: &[Value]) -> Result<Value, Wrong> {
    let [Value::Set(sets)] = args else { return Err("a set of sets is expected".into()) };
    let mut all = regorus::value::Set::new();
    for set in sets.iter() {
        let Value::Set(items) = set else { return Err("a set of sets is expected".into()) };
        for item in items.iter() {
            all.insert(item.clone());
        }
    }
    Ok(all.into())
}

/// `object.union_n`: what comes later goes over what came before, member by member.
pub(super) fn of_objects(args: &[Value]) -> Result<Value, Wrong> {
    let [Value::Array(objects)] = args else { return Err("an array of objects is expected".into()) };
    let mut all = Value::new_object();
    for object in objects.iter() {
        if !matches!(object, Value::Object(_)) {
            return Err("an array of objects is expected".into());
        }
        merge(&mut all, object);
    }
    Ok(all)
}

fn merge(to: &mut Value, from: &Value) {
    match (to, from) {
        (Value::Object(to), Value::Object(from)) => {
            // INVARIANT: what is copied here stands among the arguments as often, and was counted there.
            let to = Arc::make_mut(to);
            for (key, value) in from.iter() {
                match to.get_mut(key) {
                    Some(known) => merge(known, value),
                    None => {
                        to.insert(key.clone(), value.clone());
                    }
                }
            }
        }
        (to, from) => *to = from.clone(),
    }
}
