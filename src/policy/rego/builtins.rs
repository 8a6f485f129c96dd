//! Which functions policies may call, and at what care.

/// How a function is treated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Care {
    /// Its cost and its answer are small whatever it is given.
    Free,
    /// It may copy or multiply what it is given: the engine meters it.
    Metered,
    /// The time of the review.
    Clock,
    /// Says something to the author; taken out before evaluation.
    Print,
    /// Not offered, and why.
    Refused(&'static str),
}

const OUTSIDE: &str = "a policy sees only its input and data; let a collector fetch what it needs";
const CHANCE: &str = "the same review must always give the same decision";
const EXPLODES: &str = "its answer can be exponential in its input; `graph.reachable` may do";

/// How functions begin that OPA has and that are not here.
const ELSEWHERE: &[&str] = &[
    "crypto.",
    "graphql.",
    "io.jwt.",
    "json.match_schema",
    "json.verify_schema",
    "net.lookup_ip_addr",
    "providers.aws.",
    "regex.globs_match",
    "rego.",
    "strings.render_template",
    "trace",
];

/// Whether OPA has a function of that name, which is not here.
pub(crate) fn is_elsewhere(name: &str) -> bool {
    care(name).is_none() && ELSEWHERE.iter().any(|start| name.starts_with(start))
}

/// Every function there is, sorted by name.
pub(crate) const FUNCTIONS: &[(&str, Care)] = &[
    ("__builtin_sets.intersection", Care::Metered),
    ("__builtin_sets.union", Care::Metered),
    ("abs", Care::Free),
    ("array.concat", Care::Metered),
    ("array.reverse", Care::Metered),
    ("array.slice", Care::Metered),
    ("base64.decode", Care::Metered),
    ("base64.encode", Care::Metered),
    ("base64.is_valid", Care::Metered),
    ("base64url.decode", Care::Metered),
    ("base64url.encode", Care::Metered),
    ("base64url.encode_no_pad", Care::Metered),
    ("bits.and", Care::Metered),
    ("bits.lsh", Care::Metered),
    ("bits.negate", Care::Metered),
    ("bits.or", Care::Metered),
    ("bits.rsh", Care::Metered),
    ("bits.xor", Care::Metered),
    ("ceil", Care::Free),
    ("concat", Care::Metered),
    ("contains", Care::Metered),
    ("count", Care::Free),
    ("endswith", Care::Free),
    ("floor", Care::Free),
    ("format_int", Care::Metered),
    ("glob.match", Care::Metered),
    ("glob.quote_meta", Care::Metered),
    ("graph.reachable", Care::Metered),
    ("graph.reachable_paths", Care::Refused(EXPLODES)),
    ("hex.decode", Care::Metered),
    ("hex.encode", Care::Metered),
    ("http.send", Care::Refused(OUTSIDE)),
    ("indexof", Care::Metered),
    ("indexof_n", Care::Metered),
    ("intersection", Care::Metered),
    ("is_array", Care::Free),
    ("is_boolean", Care::Free),
    ("is_null", Care::Free),
    ("is_number", Care::Free),
    ("is_object", Care::Free),
    ("is_set", Care::Free),
    ("is_string", Care::Free),
    ("json.filter", Care::Metered),
    ("json.is_valid", Care::Metered),
    ("json.marshal", Care::Metered),
    ("json.marshal_with_options", Care::Metered),
    ("json.patch", Care::Metered),
    ("json.remove", Care::Metered),
    ("json.unmarshal", Care::Metered),
    ("lower", Care::Metered),
    ("max", Care::Metered),
    ("min", Care::Metered),
    ("net.cidr_contains", Care::Metered),
    ("net.cidr_expand", Care::Metered),
    ("net.cidr_is_valid", Care::Metered),
    ("net.lookup_ip_addr", Care::Refused(OUTSIDE)),
    ("numbers.range", Care::Metered),
    ("numbers.range_step", Care::Metered),
    ("object.filter", Care::Metered),
    ("object.get", Care::Free),
    ("object.keys", Care::Metered),
    ("object.remove", Care::Metered),
    ("object.subset", Care::Metered),
    ("object.union", Care::Metered),
    ("object.union_n", Care::Metered),
    ("opa.runtime", Care::Refused(OUTSIDE)),
    ("print", Care::Print),
    ("product", Care::Metered),
    ("rand.intn", Care::Refused(CHANCE)),
    ("regex.find_all_string_submatch_n", Care::Metered),
    ("regex.find_n", Care::Metered),
    ("regex.is_valid", Care::Metered),
    ("regex.match", Care::Metered),
    ("regex.replace", Care::Metered),
    ("regex.split", Care::Metered),
    ("regex.template_match", Care::Metered),
    ("replace", Care::Metered),
    ("round", Care::Free),
    ("semver.compare", Care::Metered),
    ("semver.is_valid", Care::Metered),
    ("sort", Care::Metered),
    ("split", Care::Metered),
    ("sprintf", Care::Metered),
    ("startswith", Care::Free),
    ("strings.any_prefix_match", Care::Metered),
    ("strings.any_suffix_match", Care::Metered),
    ("strings.count", Care::Metered),
    ("strings.replace_n", Care::Metered),
    ("strings.reverse", Care::Metered),
    ("substring", Care::Metered),
    ("sum", Care::Metered),
    ("time.add_date", Care::Metered),
    ("time.clock", Care::Metered),
    ("time.date", Care::Metered),
    ("time.diff", Care::Metered),
    ("time.format", Care::Metered),
    ("time.now_ns", Care::Clock),
    ("time.parse_duration_ns", Care::Metered),
    ("time.parse_ns", Care::Metered),
    ("time.parse_rfc3339_ns", Care::Metered),
    ("time.weekday", Care::Metered),
    ("to_number", Care::Metered),
    ("trace", Care::Print),
    ("trim", Care::Metered),
    ("trim_left", Care::Metered),
    ("trim_prefix", Care::Metered),
    ("trim_right", Care::Metered),
    ("trim_space", Care::Metered),
    ("trim_suffix", Care::Metered),
    ("type_name", Care::Free),
    ("union", Care::Metered),
    ("units.parse", Care::Metered),
    ("units.parse_bytes", Care::Metered),
    ("upper", Care::Metered),
    ("urlquery.decode", Care::Metered),
    ("urlquery.decode_object", Care::Metered),
    ("urlquery.encode", Care::Metered),
    ("urlquery.encode_object", Care::Metered),
    ("uuid.parse", Care::Refused("it is not offered")),
    ("uuid.rfc4122", Care::Refused(CHANCE)),
    ("walk", Care::Metered),
    ("yaml.is_valid", Care::Metered),
    ("yaml.marshal", Care::Metered),
    ("yaml.unmarshal", Care::Metered),
];

/// How a function is treated; `None` where there is none of that name.
pub(crate) fn care(name: &str) -> Option<Care> {
    let at = FUNCTIONS.binary_search_by(|(known, _)| (*known).cmp(name)).ok()?;
    FUNCTIONS.get(at).map(|(_, care)| *care)
}

/// Whether a function gives a text, a number or a truth, and never a part of what it was given.
pub(crate) fn is_flat(name: &str) -> bool {
    let families =
        ["base64", "bits.", "hex.", "is_", "net.cidr_contains", "semver.", "trim", "urlquery.encode"];
    families.iter().any(|family| name.starts_with(family))
        || name.ends_with(".is_valid")
        || matches!(
            name,
            "abs"
                | "ceil"
                | "concat"
                | "contains"
                | "count"
                | "endswith"
                | "floor"
                | "format_int"
                | "glob.match"
                | "indexof"
                | "json.marshal"
                | "lower"
                | "object.subset"
                | "product"
                | "regex.match"
                | "regex.replace"
                | "replace"
                | "round"
                | "sprintf"
                | "startswith"
                | "strings.count"
                | "strings.replace_n"
                | "strings.reverse"
                | "substring"
                | "sum"
                | "time.format"
                | "time.parse_ns"
                | "time.parse_rfc3339_ns"
                | "to_number"
                | "type_name"
                | "upper"
                | "yaml.marshal"
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_leaves_no_builtin_out() {
        assert!(FUNCTIONS.is_sorted_by(|a, b| a.0 < b.0));
        let missing: Vec<_> =
            regorus::unstable::BUILTINS.keys().filter(|name| care(name).is_none()).collect();
        assert!(missing.is_empty(), "without care: {missing:?}");
    }

    #[test]
    fn what_is_offered_exists() {
        for (name, care) in FUNCTIONS {
            if matches!(care, Care::Free | Care::Metered | Care::Clock) {
                assert!(regorus::unstable::BUILTINS.contains_key(name), "{name}");
            }
        }
    }
}
