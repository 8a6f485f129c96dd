// Holds what Weighlock said of random expressions against what cel-go says of them.
//
//	WEIGHLOCK_RANDOM_FILE=FILE cargo test --lib random_expressions
//	go run ./compare FILE
//
// The first line of FILE is what the expressions look at; each other one is an expression and what it gave.
// What cel-go's type checker refuses is evaluated without it, as Weighlock has none. Exits 1 where Weighlock
// gives a value and cel-go gives another one or an error when it evaluates; where only Weighlock gives an error, it is stricter,
// and that is counted by what it says.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"
	"cel.dev/cel-go/ext"
)

func must[T any](value T, err error) T {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	return value
}

// typed gives whole numbers as such.
func typed(value any) any {
	switch value := value.(type) {
	case json.Number:
		if whole, err := value.Int64(); err == nil {
			return whole
		}
		return must(value.Float64())
	case []any:
		for at := range value {
			value[at] = typed(value[at])
		}
	case map[string]any:
		for key := range value {
			value[key] = typed(value[key])
		}
	}
	return value
}

func quoted(text string) string {
	var out strings.Builder
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	must(0, encoder.Encode(text))
	return strings.TrimSuffix(out.String(), "\n")
}

// shown is a value with its type.
func shown(value ref.Val) string {
	switch value := value.(type) {
	case types.Null:
		return "null"
	case types.Bool:
		return fmt.Sprint(bool(value))
	case types.Int:
		return fmt.Sprintf("i%d", int64(value))
	case types.Uint:
		return fmt.Sprintf("u%d", uint64(value))
	case types.Double:
		if math.IsNaN(float64(value)) {
			return "dNaN"
		}
		return fmt.Sprintf("d%016x", math.Float64bits(float64(value)))
	case types.String:
		return "s" + quoted(string(value))
	case types.Bytes:
		return fmt.Sprintf("b%v", []byte(value))
	case types.Timestamp:
		return fmt.Sprintf("t%d.%d", value.Unix(), value.Nanosecond())
	case types.Duration:
		return fmt.Sprintf("D%d.%d", value.Duration/time.Second, value.Duration%time.Second)
	case *types.Optional:
		if value.HasValue() {
			return "some(" + shown(value.GetValue()) + ")"
		}
		return "none"
	case traits.Lister:
		var items []string
		for it := value.Iterator(); it.HasNext() == types.True; {
			items = append(items, shown(it.Next()))
		}
		return "[" + strings.Join(items, ",") + "]"
	case traits.Mapper:
		var items []string
		for it := value.Iterator(); it.HasNext() == types.True; {
			key := it.Next()
			items = append(items, shown(key)+":"+shown(value.Get(key)))
		}
		slices.Sort(items)
		return "{" + strings.Join(items, ",") + "}"
	case ref.Type:
		return "T" + value.TypeName()
	}
	return fmt.Sprintf("?%T", value)
}

// quirks are what cel-go says of expressions that it folds or plans wrongly (a variable that holds a type, a
// value taken out of an optional one, bytes as a key), and of constants that are no keys, which it refuses
// before it evaluates anything.
var quirks = regexp.MustCompile(`reference to undefined type: |no such overload: (string|timestamp)\(int\)|` +
	`unhashable type|invalid qualifier type: (\*types\.Type|types\.Null)$`)

type line struct{ Expression, Said string }

var names = regexp.MustCompile("`[^`]*`|-?[0-9]+")

func main() {
	lines := bufio.NewScanner(must(os.Open(os.Args[1])))
	lines.Buffer(nil, 1<<24)
	lines.Scan()
	decoder := json.NewDecoder(strings.NewReader(lines.Text()))
	decoder.UseNumber()
	var given map[string]any
	must(0, decoder.Decode(&given))
	input := map[string]any{
		"input": typed(given["input"]), "data": typed(given["data"]),
		"now": must(time.Parse(time.RFC3339, given["now"].(string))),
	}
	env := must(cel.NewEnv(
		cel.Variable("input", cel.DynType), cel.Variable("data", cel.DynType), cel.Variable("now", cel.TimestampType),
		cel.OptionalTypes(), cel.CrossTypeNumericComparisons(true),
		ext.Strings(), ext.Lists(), ext.Math(), ext.Encoders(),
	))
	same, failed, different, refused, open, unordered, known := 0, 0, 0, 0, 0, 0, 0
	stricter, examples := map[string]int{}, map[string]string{}
	for lines.Scan() {
		var ours line
		must(0, json.Unmarshal(lines.Bytes(), &ours))
		// The newer name of `exists_one`, which cel-go knows with two variables only.
		ours.Expression = strings.ReplaceAll(ours.Expression, ".existsOne(", ".exists_one(")
		ast, issues := env.Compile(ours.Expression)
		unchecked := issues.Err() != nil
		if unchecked {
			refused++
			if ast, issues = env.Parse(ours.Expression); issues.Err() != nil {
				ast = nil
			}
		}
		evaluate := func() string {
			if ast == nil {
				return "error: " + issues.Err().Error()
			}
			program, err := env.Program(ast)
			if err != nil {
				return "error: " + err.Error()
			}
			value, _, err := program.Eval(input)
			if err != nil {
				return "error: " + err.Error()
			}
			return shown(value)
		}
		theirs := evaluate()
		weFail, theyFail := strings.HasPrefix(ours.Said, "error:"), strings.HasPrefix(theirs, "error:")
		switch {
		case weFail && theyFail:
			failed++
		case ours.Said == theirs:
			same++
		case weFail:
			kind := names.ReplaceAllString(ours.Said, "…")
			stricter[kind]++
			if old, found := examples[kind]; !found || len(ours.Expression) < len(old) {
				examples[kind] = ours.Expression
			}
		case theyFail && (ast == nil || quirks.MatchString(theirs)):
			known++
		case slices.ContainsFunc(make([]int, 20), func(int) bool { return evaluate() != theirs }):
			unordered++
		default:
			if theyFail {
				open++
			} else {
				different++
			}
			note := ""
			if unchecked {
				note = " (unchecked)"
			}
			fmt.Printf("%s\n  Weighlock %s\n  cel-go    %s%s\n", ours.Expression, ours.Said, strings.ReplaceAll(theirs, "\n", " "), note)
		}
	}
	must(0, lines.Err())
	for _, kind := range slices.Sorted(maps.Keys(stricter)) {
		fmt.Printf("only here %5d  %s\n                 %s\n", stricter[kind], kind, examples[kind])
	}
	fmt.Printf("the same %d, errors in both %d, different %d, an error only in cel-go %d, not the same twice in cel-go %d, its own faults and refusals before evaluation %d; %d refused by its type checker\n",
		same, failed, different, open, unordered, known, refused)
	if different+open > 0 {
		os.Exit(1)
	}
}
