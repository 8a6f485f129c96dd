//! What one of the forms, or both, once lost, and what is undefined: in both it must be found, or not hold.

use super::{one, said};

/// What is undefined has no name and is not collected: a statement that asks for it does not hold.
#[test]
fn what_is_undefined_holds_nowhere() {
    for term in [
        "sprintf(\"%s\", [x.gone])",
        "x.gone",
        "gone",
        "[x.gone]",
        "{x.gone}",
        "[[x.gone]]",
        "{\"a\": x.gone}",
        "f(x)",
        "f(x.gone)",
        "g([x.gone])",
        "lower(x.gone)",
        "count([x.gone])",
    ] {
        for (body, holds) in [
            (format!("count([y | some x in [{{}}]; y := {term}]) == 0"), true),
            (format!("count([{term} | some x in [{{}}]]) == 0"), true),
            (format!("count({{{term} | some x in [{{}}]}}) == 0"), true),
            (format!("count([y | some x in [{{}}]; {term} == 1; y := 2]) == 0"), true),
            (format!("x := {{}}\n\tcount([y | y := {term}]) == 0"), true),
            (format!("x := {{}}\n\tcount({{{term} | x}}) == 0"), true),
            (format!("x := {{}}\n\tnot {term}"), true),
            ("not h({})\n\tnot k".to_owned(), true),
            (format!("x := {{}}\n\ty := {term}"), false),
            (format!("some x in [{{}}]\n\ty := {term}"), false),
            (format!("x := {{}}\n\t{term} != 3"), false),
            ("h({})".to_owned(), false),
            ("k == 1".to_owned(), false),
            ("d == 1".to_owned(), false),
        ] {
            let text = format!(
                "package a\n\ngone if input.gone\n\nf(x) := x.gone\n\ng(x) := 1\n\nh(x) if {{\n\ty := {term}\n}}\n\nk := 1 if {{\n\tsome x in [{{}}]\n\ty := {term}\n}}\n\nd := y if {{\n\tx := {{}}\n\ty := {term}\n}} else := 2\n\ndeny contains \"x\" if {{\n\t{body}\n}}\n"
            );
            assert_eq!(one(&text).unwrap().len(), usize::from(holds), "{term} | {body}");
        }
    }
}

/// What was once lost by one of the forms, or by both.
#[test]
fn nothing_found_is_lost() {
    for (text, wanted) in [
        // A comprehension's condition ended the turn of the loop around it.
        ("deny contains x if {\n\tsome x in [\"a\", \"b\"]\n\tcount([1 | x == \"a\"]) == 0\n}", "b"),
        // The input was loaded where it was first needed, and that was not reached.
        ("deny contains \"b\" if {\n\tcount([1 | 1 == 2; input.change]) == 0\n\tinput.change.kind\n}", "b"),
        // A loop that found nothing counted as a body that holds.
        ("deny contains k\n\nk := \"a\" if {\n\tsome x in [1]\n\tx == 2\n} else := \"b\"", "b"),
        // What `every` goes through was an index of its own.
        (
            "deny contains \"a\" if {\n\tevery x in [\"gone\"] { {\"k\": 1}[x] != 2 }\n}\n\ndeny contains \"b\"",
            "b",
        ),
        // The interpreter forgot what it had found, once a head was undefined.
        ("deny contains x.b if some x in [{\"b\": \"a\"}, {\"b\": \"b\"}, {}]", "a b"),
        ("deny contains [{\"b\": \"a\"}, {}, {\"b\": \"b\"}][_].b", "a b"),
        ("deny contains k\n\nk := x.b if some x in [{\"b\": \"b\"}, {}]", "b"),
        ("deny contains f(1)\n\nf(y) := x.b if some x in [{\"b\": \"b\"}, {}, y]", "b"),
        (
            "deny contains o[_]\n\no[x.k] := x.b if some x in [{\"b\": \"b\", \"k\": 1}, {\"b\": 1}, {\"k\": 2}]",
            "b",
        ),
        // A rule that `with` used for what it puts in the place of something was lost in the statement.
        ("deny contains \"b\" if k == 4 with input.x as k\n\nk := 4 if input.change", "b"),
        (
            "deny contains \"b\" if {\n\tk == 4 with input.x as k with data.y as {\"k\": k}\n}\n\nk := 4 if input.change",
            "b",
        ),
        ("deny contains \"b\" if count([1 | k == 4 with input.x as k]) == 1\n\nk := 4 if input.change", "b"),
        (
            "deny contains {\"msg\": concat(\"\", [m | m := \"b\"; k == 4 with input.x as k])} if input.change\n\nk := 4 if input.change",
            "{\"msg\":\"b\"}",
        ),
        ("deny contains \"b\" if f(1) == 9 with f as g\n\nf(x) := x\n\ng(_) := 9", "b"),
        ("deny contains \"b\" if lower(\"X\") == \"Y\" with lower as upper_y\n\nupper_y(_) := \"Y\"", "b"),
        ("deny contains \"b\" if time.now_ns() == 5 with time.now_ns as 5", "b"),
        // A statement or term that ends in a text.
        ("deny contains x.n if { some x in [{\"n\": \"b\", \"k\": \"db\"}]; x.k == \"db\" }", "b"),
        ("deny contains x.n if {\n\tsome x in [{\"n\": \"b\", \"k\": \"db\"}]\n\t\"db\" == x.k\n}", "b"),
        ("deny contains x.n if input.change.id != `q`\n\nx := {\"n\": \"b\"}", "b"),
        ("deny contains x.n if \"q\" != input.change.id\n\nx := {\"n\": \"b\"}", "b"),
        (
            "deny contains {\"msg\": x.n} if input.k == \"z\" with input as {\"k\": \"z\"}\n\nx := {\"n\": \"b\"}",
            "{\"msg\":\"b\"}",
        ),
        (
            "deny contains f({\"n\": \"b\"})\n\nf(x) := x.a if { x.n == \"q\" } else := x.n if { x.n == \"b\" }",
            "b",
        ),
        // Heads of several parts, and values of several rules.
        ("deny contains x if some x in teams.db\n\nteams[t] contains o if some t, o in {\"db\": \"b\"}", "b"),
        ("deny contains x.z\n\nx.y := 1\n\nx.z := \"b\"", "b"),
        ("deny contains x if some x in o.b\n\no.a contains \"a\"\n\no.b contains \"b\"", "b"),
        // The default of a function, and what is undefined as an argument that nobody looks at.
        ("deny contains \"b\" if f(1) == false\n\ndefault f(_) := false\n\nf(x) if x == 2", "b"),
        ("deny contains \"b\" if not f(input.gone)\n\nf(_) := true", "b"),
        ("deny contains \"a\" if f(input.gone, 3) == 3\n\nf(_, y) := y\n\ndeny contains \"b\"", "b"),
        // The name of a rule that is undefined, as the value of a function.
        (
            "deny contains f([1])\n\nr := 1 if input.gone\n\nf(x) := r if { some y in x; y } else := \"b\"",
            "b",
        ),
        ("deny contains f(1)\n\nr := 1 if input.gone\n\nf(x) := [r] if x else := \"b\"", "b"),
        // `v1` is a name like others.
        ("import rego.v1\n\ndeny contains v1.n if { some v1 in [{\"n\": \"b\"}]; v1.n > \"a\" }", "b"),
        // What hands on a value was put off, and `not o[k]` asked of every `k` at once.
        ("deny contains x if {\n\tsome x in [\"a\", \"b\"]\n\tk = x\n\tnot {\"a\": 1}[k]\n}", "b"),
        ("deny contains x if {\n\tsome x in [\"a\", \"b\"]\n\tk := x\n\tnot {\"a\": 1}[k]\n}", "b"),
        ("deny contains x if {\n\tsome x in [\"a\", \"b\"]\n\tx = k\n\t{\"a\": 1, \"b\": 2}[k] != 1\n}", "b"),
        ("deny contains x if {\n\tsome x in [\"a\", \"b\"]\n\t[k, _] := [x, 1]\n\tnot {\"a\": 1}[k]\n}", "b"),
        (
            "deny contains x if {\n\tsome x in [\"a\", \"b\"]\n\t[k, \"b\"] = [1, j]\n\tj == x\n\tnot [5, 6][k + 1]\n}",
            "b",
        ),
        (
            "deny contains x if {\n\tsome x in [\"a\", \"b\"]\n\t[[k, 1], j] = [[x, 1], 2]\n\tnot {\"a\": j}[k]\n}",
            "b",
        ),
        (
            "deny contains x if {\n\tsome x in [\"a\", \"b\"]\n\tk := {\"n\": x} # {\n\tnot {{\"n\": \"a\"}}[k]\n}",
            "b",
        ),
        ("deny contains v if {\n\twalk({\"a\": \"b\"}, [p, v])\n\tcount(p, n)\n\tnot [5][n]\n}", "b"),
        (
            "deny contains x if {\n\tsome x in [\"a\", \"b\"]\n\twalk([[], [{\"a\": 1}]][n], [_, v])\n\tm = n\n\tv != 1\n\tis_object(v)\n\tnot v[x]\n\tm == 1\n}",
            "b",
        ),
        (
            "deny contains x if {\n\tsome x in [\"a\", \"b\"]\n\tk = x\n\tevery y in [{\"a\": 1}] { not y[k] }\n}",
            "b",
        ),
        (
            "deny contains x if {\n\tsome x in [\"a\", \"b\"]\n\tk = x\n\tcount([1 | {\"a\": 1}[k]]) == 0\n}",
            "b",
        ),
        (
            "deny contains x if {\n\tsome x in [\"a\", \"b\"]\n\tk = x\n\tnot input.map[k] with input.map as {\"a\": k}\n}",
            "b",
        ),
        ("deny contains \"b\" if [k, 1] = [\"a\", 1]", "b"),
        (
            "deny contains {\"msg\": k} if [k, \"x\"] = [j, \"x\"] with input.x as j\n\nj := \"b\"",
            "{\"msg\":\"b\"}",
        ),
        // What is declared after a loop was declared once more in its second turn.
        (
            "deny contains x if {\n\tx := \"b\"\n\t[1, 2][_]\n\tsome k, l # {\n\t[[3], [4]][k][l] == 4\n\tnot [5][k]\n}",
            "b",
        ),
        // A variable of `every` as an index, or in a pattern, became another one.
        ("deny contains \"b\" if every x in [\"q\"] { not {\"k\": 1}[x] }", "b"),
        ("deny contains \"b\" if every x, y in [{\"k\": 1}] { not [7][1 + x]; not y[[y][x].k] }", "b"),
        ("deny contains \"b\" if not k\n\nk if { every x in [1] { [x, y] = [2, 3]; y } }", "b"),
        ("deny contains \"b\" if not k\n\nk if { every x in [1] { 2 = x } }", "b"),
        ("deny contains \"b\" if not k\n\nk if { every x in [1] { [2][_] = x } }", "b"),
        ("deny contains \"b\" if not k\n\nk if { every x in [1] { walk([2], [_, x]) } }", "b"),
        ("deny contains \"b\" if not k\n\nk if { every x in [1] { count([2, 3], x) } }", "b"),
        // An array as a pattern fitted every object with as many members.
        ("deny contains \"b\" if not f({\"k\": 1, \"l\": 2})\n\nf(x) if { [_, _] = x }", "b"),
        ("deny contains \"b\" if not f({1, 0})\n\nf(x) if { [_, y] := x; y }", "b"),
        ("deny contains \"b\" if not f({})\n\nf([]) := 1", "b"),
        ("deny contains \"b\" if count([1 | some [_, _] in [{\"k\": 1, \"l\": 2}]]) == 0", "b"),
        // A value that is undefined was a member.
        ("deny contains \"b\" if count(o) == 0\n\no[x] := gone if some x in [1]\n\ngone if input.gone", "b"),
    ] {
        let found: Vec<_> = said(&format!("package a\n\n{text}\n")).into_iter().map(|(_, m, _)| m).collect();
        assert_eq!(found.join(" "), wanted, "{text}");
    }
}
