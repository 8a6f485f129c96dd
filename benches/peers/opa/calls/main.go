// Holds what Weighlock's functions of Rego said against what OPA's say.
//
//	WEIGHLOCK_RANDOM_FOLDER=DIR cargo test --lib random_calls
//	go run ./calls DIR/calls.tsv
//
// A line has a function, its arguments as JSON, and the answer: JSON, or `error`. A failure of Weighlock
// where OPA has an answer is counted and no difference. Exits 1 where the two say different things.
//
// With `-write` the lines are written again with OPA's answers, as `testdata/calls.tsv` has them: `~`
// goes before an answer where the line had `error` or `~`.
package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"
)

var queries = map[string]rego.PreparedEvalQuery{}

// answer is what OPA says, as JSON; `error` where it says nothing.
func answer(name, args string) string {
	input, err := ast.ValueFromReader(strings.NewReader(args))
	if err != nil {
		return "error"
	}
	params := []string{}
	for i := range input.(*ast.Array).Len() {
		params = append(params, fmt.Sprintf("input[%d]", i))
	}
	call := fmt.Sprintf("x := %s(%s)", name, strings.Join(params, ", "))
	query, known := queries[call]
	if !known {
		query, err = rego.New(rego.Query(call), rego.StrictBuiltinErrors(true)).PrepareForEval(context.Background())
		if err != nil {
			return "error"
		}
		queries[call] = query
	}
	results, err := query.Eval(context.Background(), rego.EvalParsedInput(input))
	if err != nil || len(results) == 0 {
		return "error"
	}
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if encoder.Encode(results[0].Bindings["x"]) != nil {
		return "error"
	}
	return strings.TrimSpace(text.String())
}

func same(ours, theirs string) bool {
	a, errA := ast.ValueFromReader(strings.NewReader(ours))
	b, errB := ast.ValueFromReader(strings.NewReader(theirs))
	return errA == nil && errB == nil && a.Compare(b) == 0
}

func main() {
	write := os.Args[1] == "-write"
	file, err := os.Open(os.Args[len(os.Args)-1])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<24)
	agreed, failed, different := 0, 0, 0
	for lines.Scan() {
		parts := strings.Split(lines.Text(), "\t")
		theirs, ours := answer(parts[0], parts[1]), ""
		if len(parts) > 2 {
			ours = parts[2]
		}
		fails := ours == "error" || strings.HasPrefix(ours, "~")
		switch {
		case write && fails && theirs != "error":
			fmt.Printf("%s\t%s\t~%s\n", parts[0], parts[1], theirs)
		case write:
			fmt.Printf("%s\t%s\t%s\n", parts[0], parts[1], theirs)
		case fails && theirs != "error":
			failed++
		case ours == theirs || same(ours, theirs):
			agreed++
		default:
			different++
			fmt.Printf("%s\t%s\n  Weighlock %s\n  OPA       %s\n", parts[0], parts[1], ours, theirs)
		}
	}
	if !write {
		fmt.Printf("the same %d, different %d; failed in Weighlock alone %d\n", agreed, different, failed)
	}
	if different > 0 {
		os.Exit(1)
	}
}
