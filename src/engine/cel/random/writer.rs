//! Writes expressions from a tape of random numbers.

/// What an expression is meant to give; now and then it gives something else.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Want {
    Truth,
    Number,
    Text,
    List,
    Map,
    Time,
    Optional,
    Any,
}

use Want::{Any, List, Map, Number, Optional, Text, Time as Moment, Truth};

const WANTS: [Want; 8] = [Truth, Number, Text, List, Map, Moment, Optional, Any];

/// Writes an expression.
struct Writer<'t> {
    tape: std::slice::Iter<'t, u16>,
    /// Names of elements, innermost last.
    scope: Vec<&'static str>,
    /// How many variables stand before it.
    variables: usize,
}

impl Writer<'_> {
    /// A number below `n`; 0 once the tape has ended.
    fn pick(&mut self, n: usize) -> usize {
        self.tape.next().map_or(0, |drawn| usize::from(*drawn) % n)
    }

    fn of(&mut self, all: &[&'static str]) -> &'static str {
        let at = self.pick(all.len());
        all[at]
    }

    fn key(&mut self) -> &'static str {
        self.of(&["a", "b", "c", "gone", "n", "name", "list", "text"])
    }

    fn path(&mut self, want: Want) -> &'static str {
        match want {
            Truth => self.of(&["input.no", "input.yes", "input.list[2].d", "input.gone", "input.none"]),
            Number => self.of(&[
                "input.a",
                "input.zero",
                "input.neg",
                "input.half",
                "input.whole",
                "input.big",
                "input.map.b.c",
                "input.ints[0]",
                "input.gone",
                "data.known.a[0]",
            ]),
            Text => self.of(&[
                "input.text",
                "input.number",
                "input.word",
                "input.time",
                "input.dur",
                "input.blank",
                "input.maps[0].name",
                "input.maps[1].name",
                "input['häuser']",
                "input.pattern",
            ]),
            List => self.of(&[
                "input.list",
                "input.ints",
                "input.mixed",
                "input.empty",
                "input.nested",
                "input.maps",
                "input.words",
                "input.map.gone",
                "data.known.a",
            ]),
            Map => self.of(&[
                "input",
                "input.map",
                "input.map.b",
                "input.emptyMap",
                "input.maps[0]",
                "data.known",
                "data.gone",
            ]),
            Moment => self.of(&["now", "timestamp(input.time)", "timestamp(input.text)"]),
            Optional => self.of(&[
                "input.?a",
                "input.?gone",
                "input.?map.b.c",
                "input.?none",
                "input.?text.a",
                "input.list[?1]",
                "input.list[?9]",
                "input[?'map'].gone",
            ]),
            Any => {
                let want = WANTS[self.pick(7)];
                self.path(want)
            }
        }
    }

    fn literal(&mut self, want: Want) -> &'static str {
        match want {
            Truth => self.of(&["true", "false"]),
            Number => self.of(&[
                "0",
                "1",
                "2",
                "-1",
                "1u",
                "2u",
                "0u",
                "1.0",
                "0.5",
                "-2.5",
                "9223372036854775807",
                "-9223372036854775808",
                "18446744073709551615u",
                "9007199254740993",
                "9007199254740992.0",
                "1e300",
                "0x10",
                "9223372036854775808.0",
            ]),
            Text => self.of(&[
                "''",
                "'a'",
                "'b'",
                "'1'",
                "'1.5'",
                "'true'",
                "'häuser'",
                "'a.b'",
                "r'\\d+'",
                "'(a'",
                "'^a'",
                "b'a'",
                "'90m'",
                "'2026-01-02T03:04:05.5+01:00'",
            ]),
            List => self.of(&[
                "[]",
                "[1, 2]",
                "['a', 'b']",
                "[1, 'a', null]",
                "[[1], []]",
                "[1.0, 2u]",
                "[true, false]",
                "[{'a': 1}]",
            ]),
            Map => self.of(&[
                "{}",
                "{'a': 1}",
                "{1: 'a', 2u: 'b'}",
                "{'a': {'b': null}}",
                "{true: 1}",
                "{'a': [1], 'n': 2}",
                "{1: 'a', 1u: 'b'}",
                "{1.0: 2}",
            ]),
            Moment => self.of(&[
                "duration('1h')",
                "duration('-90s')",
                "duration('0s')",
                "duration('1.5s')",
                "timestamp('2026-01-02T03:04:05Z')",
                "timestamp('2026-01-02T03:04:05.5+01:00')",
                "timestamp('9999-12-31T23:59:59Z')",
                "timestamp(0)",
                "duration('292277h')",
                "timestamp('0001-01-01T00:00:00Z')",
                "duration('1ms')",
                "duration('1d')",
                "duration('')",
            ]),
            Optional => self.of(&[
                "optional.none()",
                "optional.of(1)",
                "optional.of('a')",
                "optional.of(null)",
                "optional.ofNonZeroValue(0)",
                "optional.ofNonZeroValue([])",
                "optional.of(optional.of(1))",
            ]),
            Any => {
                let at = self.pick(10);
                if at < 7 {
                    return self.literal(WANTS[at]);
                }
                self.of(&["null", "int", "type(1)", "bool"])
            }
        }
    }

    fn leaf(&mut self, want: Want) -> String {
        match self.pick(5) {
            0 => self.literal(want).to_owned(),
            1 | 2 if !self.scope.is_empty() => {
                let at = self.pick(self.scope.len());
                let name = self.scope[at];
                if self.pick(3) == 0 { format!("{name}.{}", self.key()) } else { name.to_owned() }
            }
            3 if self.variables > 0 => format!("variables.v{}", self.pick(self.variables)),
            _ => self.path(want).to_owned(),
        }
    }

    /// An expression in brackets where it needs any.
    fn part(&mut self, want: Want, deep: usize) -> String {
        let want = if self.pick(10) == 9 { WANTS[self.pick(8)] } else { want };
        if deep == 0 || self.pick(5) == 0 {
            let leaf = self.leaf(want);
            return if leaf.starts_with('-') { format!("({leaf})") } else { leaf };
        }
        let deep = deep - 1;
        if self.pick(9) == 0 {
            let (condition, left, right) =
                (self.part(Truth, deep), self.part(want, deep), self.part(want, deep));
            return format!("({condition} ? {left} : {right})");
        }
        match want {
            Truth => self.truth(deep),
            Number => self.number(deep),
            Text => self.text(deep),
            List => self.list(deep),
            Map => self.map(deep),
            Moment => self.moment(deep),
            Optional => self.optional(deep),
            Any => self.any(deep),
        }
    }

    /// A loop: what it goes through, its name, and its body; the name may hide another.
    fn turn(&mut self, body: Want, deep: usize) -> (String, &'static str, String) {
        let want = if self.pick(6) == 0 { Map } else { List };
        let list = self.part(want, deep.min(1));
        let name = self.of(&["x", "y", "x", "size", "int", "math", "input2", "optional"]);
        self.scope.push(name);
        let body = self.part(body, deep);
        self.scope.pop();
        (list, name, body)
    }

    fn truth(&mut self, deep: usize) -> String {
        match self.pick(26) {
            0..=2 => format!("({} && {})", self.part(Truth, deep), self.part(Truth, deep)),
            3..=5 => format!("({} || {})", self.part(Truth, deep), self.part(Truth, deep)),
            6 | 7 => format!("!{}", self.part(Truth, deep)),
            8..=11 => {
                let want = WANTS[self.pick(8)];
                let other = if self.pick(4) == 0 { Any } else { want };
                let sign = self.of(&["==", "!=", "<", "<=", ">", ">=", "==", "!="]);
                format!("({} {sign} {})", self.part(want, deep), self.part(other, deep))
            }
            12 => {
                let want = [Number, Text, Moment, Truth][self.pick(4)];
                let sign = self.of(&["<", "<=", ">", ">="]);
                format!("({} {sign} {})", self.part(want, deep), self.part(want, deep))
            }
            13 => format!("has({}.{})", self.part(Map, deep), self.key()),
            14 => {
                let want = if self.pick(2) == 0 { List } else { Map };
                format!("({} in {})", self.part(Any, deep), self.part(want, deep))
            }
            15..=17 => {
                let name_of = self.of(&["all", "exists", "exists_one", "existsOne"]);
                let (list, name, body) = self.turn(Truth, deep);
                format!("{list}.{name_of}({name}, {body})")
            }
            18 => {
                let name = self.of(&["startsWith", "endsWith", "contains", "matches"]);
                format!("{}.{name}({})", self.part(Text, deep), self.part(Text, deep))
            }
            19 => format!("matches({}, {})", self.part(Text, deep), self.part(Text, 0)),
            20 => format!("{}.hasValue()", self.part(Optional, deep)),
            21 => format!("bool({})", self.part(Any, deep)),
            22 => format!("{}.orValue({})", self.part(Optional, deep), self.part(Truth, deep)),
            23 => format!(
                "(type({}) == {})",
                self.part(Any, deep),
                self.of(&["int", "string", "list", "map", "null_type", "double", "type", "bool", "uint"])
            ),
            24 => format!("math.{}({})", self.of(&["isNaN", "isInf", "isFinite"]), self.part(Number, deep)),
            _ => format!("({} == null)", self.part(Any, deep)),
        }
    }

    fn number(&mut self, deep: usize) -> String {
        match self.pick(16) {
            0..=4 => {
                let sign = self.of(&["+", "-", "*", "/", "%"]);
                format!("({} {sign} {})", self.part(Number, deep), self.part(Number, deep))
            }
            5 => format!("(-{})", self.part(Number, deep)),
            6 | 7 => {
                let want = [Text, List, Map][self.pick(3)];
                let inner = self.part(want, deep);
                if self.pick(2) == 0 { format!("size({inner})") } else { format!("{inner}.size()") }
            }
            8 => {
                let name = self.of(&["int", "uint", "double"]);
                let want = [Number, Text, Moment, Any][self.pick(4)];
                format!("{name}({})", self.part(want, deep))
            }
            9 => {
                let name = self.of(&["abs", "ceil", "floor", "round", "sign", "trunc", "sqrt", "bitNot"]);
                format!("math.{name}({})", self.part(Number, deep))
            }
            10 => {
                let name = self.of(&["bitAnd", "bitOr", "bitXor", "bitShiftLeft", "bitShiftRight"]);
                format!("math.{name}({}, {})", self.part(Number, deep), self.part(Number, deep))
            }
            11 => {
                let name = self.of(&["greatest", "least"]);
                if self.pick(3) == 0 {
                    return format!("math.{name}({})", self.part(List, deep));
                }
                format!("math.{name}({}, {})", self.part(Number, deep), self.part(Number, deep))
            }
            12 => {
                let name = self.of(&["indexOf", "lastIndexOf"]);
                let (text, part) = (self.part(Text, deep), self.part(Text, deep));
                if self.pick(2) == 0 {
                    format!("{text}.{name}({part})")
                } else {
                    format!("{text}.{name}({part}, {})", self.part(Number, 0))
                }
            }
            13 => {
                let name = self.of(&[
                    "getFullYear",
                    "getMonth",
                    "getDate",
                    "getDayOfMonth",
                    "getDayOfWeek",
                    "getDayOfYear",
                    "getHours",
                    "getMinutes",
                    "getSeconds",
                    "getMilliseconds",
                ]);
                let zone =
                    self.of(&["", "", "'UTC'", "'+02:00'", "'-08:30'", "'Europe/Berlin'", "'nowhere'"]);
                format!("{}.{name}({zone})", self.part(Moment, deep))
            }
            14 => format!("{}.orValue({})", self.part(Optional, deep), self.part(Number, deep)),
            _ => format!("{}[{}]", self.part(List, deep), self.part(Number, deep)),
        }
    }

    fn text(&mut self, deep: usize) -> String {
        match self.pick(17) {
            0 | 1 => format!("({} + {})", self.part(Text, deep), self.part(Text, deep)),
            2 | 3 => format!("string({})", self.part(Any, deep)),
            4 => {
                let name = self.of(&["trim", "lowerAscii", "upperAscii", "reverse"]);
                format!("{}.{name}()", self.part(Text, deep))
            }
            5 => format!("{}.charAt({})", self.part(Text, deep), self.part(Number, deep)),
            6 => format!("{}.substring({})", self.part(Text, deep), self.part(Number, deep)),
            7 => format!(
                "{}.substring({}, {})",
                self.part(Text, deep),
                self.part(Number, 0),
                self.part(Number, 0)
            ),
            8 => format!("{}.replace({}, {})", self.part(Text, deep), self.part(Text, 0), self.part(Text, 0)),
            9 => format!(
                "{}.replace({}, {}, {})",
                self.part(Text, deep),
                self.part(Text, 0),
                self.part(Text, 0),
                self.part(Number, 0)
            ),
            10 => format!("{}.join({})", self.part(List, deep), self.of(&["", "','"])),
            11 => {
                let format = self.of(&[
                    "'%s'", "'%d'", "'%s %s'", "'%f'", "'%.2f'", "'%e'", "'%x'", "'%b'", "'%o'", "'%%'",
                    "'%X'", "'%q'", "'%'",
                ]);
                if self.pick(4) == 0 {
                    return format!("{format}.format([{}, {}])", self.part(Any, deep), self.part(Any, deep));
                }
                format!("{format}.format([{}])", self.part(Any, deep))
            }
            12 => format!("strings.quote({})", self.part(Text, deep)),
            13 => format!("base64.encode({})", self.part(Text, deep)),
            14 => format!(
                "string(base64.decode({}))",
                self.of(&["'YQ=='", "'YQ'", "'-_'", "'%'", "input.text", "'/w=='"])
            ),
            15 => format!("bytes({})", self.part(Text, deep)),
            _ => format!("{}.orValue({})", self.part(Optional, deep), self.part(Text, deep)),
        }
    }

    fn list(&mut self, deep: usize) -> String {
        match self.pick(20) {
            0 | 1 => format!("[{}, {}]", self.part(Any, deep), self.part(Any, deep)),
            2 => format!("[?{}, {}]", self.part(Optional, deep), self.part(Any, deep)),
            3 | 4 => format!("({} + {})", self.part(List, deep), self.part(List, deep)),
            5..=7 => {
                let (list, name, body) = self.turn(Truth, deep);
                format!("{list}.filter({name}, {body})")
            }
            8..=10 => {
                let (list, name, body) = self.turn(Any, deep);
                format!("{list}.map({name}, {body})")
            }
            11 => {
                let (list, name, body) = self.turn(Truth, deep);
                self.scope.push(name);
                let value = self.part(Any, deep);
                self.scope.pop();
                format!("{list}.map({name}, {body}, {value})")
            }
            12 => {
                let (list, name, body) = self.turn(Number, deep);
                format!("{list}.sortBy({name}, {body})")
            }
            13 => {
                let name = self.of(&[
                    "sort()",
                    "reverse()",
                    "distinct()",
                    "flatten()",
                    "flatten(2)",
                    "flatten(-1)",
                    "flatten(0)",
                ]);
                format!("{}.{name}", self.part(List, deep))
            }
            14 => {
                format!("{}.slice({}, {})", self.part(List, deep), self.part(Number, 0), self.part(Number, 0))
            }
            15 => format!(
                "lists.range({})",
                self.of(&["0", "3", "-1", "input.a", "input.half", "input.text", "3u"])
            ),
            16 => format!("{}.split({})", self.part(Text, deep), self.part(Text, 0)),
            17 => format!(
                "{}.split({}, {})",
                self.part(Text, deep),
                self.part(Text, 0),
                self.of(&["0", "1", "2", "-1", "-2", "input.half"])
            ),
            18 => format!("{}.orValue({})", self.part(Optional, deep), self.part(List, deep)),
            _ => format!("[{}]", self.part(Any, deep)),
        }
    }

    fn map(&mut self, deep: usize) -> String {
        match self.pick(6) {
            0 => format!("{{'{}': {}}}", self.key(), self.part(Any, deep)),
            1 => format!("{{{}: {}}}", self.part(Any, 0), self.part(Any, deep)),
            2 => format!("{{{}: 1, {}: 2}}", self.part(Any, 0), self.part(Any, 0)),
            3 => format!("{{?'{}': {}, 'b': {}}}", self.key(), self.part(Optional, deep), self.part(Any, 0)),
            4 => format!("{}.{}", self.part(Map, deep), self.key()),
            _ => format!("{}[{}]", self.part(Map, deep), self.part(Any, deep)),
        }
    }

    fn moment(&mut self, deep: usize) -> String {
        match self.pick(6) {
            0 => format!("({} + {})", self.part(Moment, deep), self.part(Moment, deep)),
            1 => format!("({} - {})", self.part(Moment, deep), self.part(Moment, deep)),
            2 => format!("timestamp({})", self.part(Any, deep)),
            3 => format!("duration({})", self.part(Any, deep)),
            4 => format!("timestamp({})", self.part(Number, deep)),
            _ => self.leaf(Moment),
        }
    }

    fn optional(&mut self, deep: usize) -> String {
        match self.pick(10) {
            0 => format!("{}.?{}", self.part(Map, deep), self.key()),
            1 => format!("{}.?{}", self.part(Any, deep), self.key()),
            2 => format!("{}[?{}]", self.part(List, deep), self.part(Number, deep)),
            3 => format!("{}[?{}]", self.part(Map, deep), self.part(Any, deep)),
            4 => format!("{}.?{}.{}", self.part(Map, deep), self.key(), self.key()),
            5 => format!("{}.or({})", self.part(Optional, deep), self.part(Optional, deep)),
            6 | 7 => {
                let optional = self.part(Optional, deep);
                let name = self.of(&["x", "y"]);
                self.scope.push(name);
                let flat = self.pick(2) == 0;
                let body = self.part(if flat { Optional } else { Any }, deep);
                self.scope.pop();
                format!("{optional}.{}({name}, {body})", if flat { "optFlatMap" } else { "optMap" })
            }
            8 => format!("optional.of({})", self.part(Any, deep)),
            _ => format!("optional.ofNonZeroValue({})", self.part(Any, deep)),
        }
    }

    fn any(&mut self, deep: usize) -> String {
        match self.pick(6) {
            0 => format!("{}.{}", self.part(Map, deep), self.key()),
            1 => format!("{}[{}]", self.part(Map, deep), self.part(Any, deep)),
            2 => format!("{}.value()", self.part(Optional, deep)),
            3 => format!("dyn({})", self.part(Any, deep)),
            4 => format!("type({})", self.part(Any, deep)),
            _ => {
                let want = WANTS[self.pick(7)];
                self.part(want, deep)
            }
        }
    }
}

/// Variables, each of which may use those before it, and an expression over them.
pub(super) fn written(tape: &[u16]) -> (Vec<String>, String) {
    let mut writer = Writer { tape: tape.iter(), scope: Vec::new(), variables: 0 };
    let mut variables = Vec::new();
    for _ in 0..writer.pick(3) {
        let want = WANTS[writer.pick(8)];
        variables.push(writer.part(want, 2));
        writer.variables += 1;
    }
    let want = if writer.pick(2) == 0 { Truth } else { WANTS[writer.pick(8)] };
    let expression = writer.part(want, 4);
    (variables, expression)
}
