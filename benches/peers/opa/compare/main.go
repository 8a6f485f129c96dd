// Holds what Weighlock said of random policies against what OPA says of them.
//
//	WEIGHLOCK_RANDOM_FOLDER=DIR cargo test --lib random_policies
//	go run ./compare DIR
//	go run ./compare -record FILE
//
// With -record FILE is a list of policies with the input and the data that they look at, as in
// testdata/rego/conformance.json; what OPA says of each is written into it.
//
// DIR has N.rego and N.json for each policy, and the input and the data that they look at. Policies that
// OPA's type checker refuses are counted and not compared (listed with a second argument). Exits 1 where
// the two say different things, or OPA alone fails.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/storage/inmem"
)

func must[T any](value T, err error) T {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	return value
}

func read(path string) (value any) {
	must(0, json.Unmarshal(must(os.ReadFile(path)), &value))
	return value
}

// line is a finding as text, which can be sorted and compared.
func line(finding any) string { return string(must(json.Marshal(finding))) }

// evaluate is what OPA finds with a policy: effects and values as text, sorted; or why not.
func evaluate(path, text string, input any, data map[string]any) ([]any, error) {
	found := []any{}
	for _, effect := range []string{"deny", "warn"} {
		results, err := rego.New(
			rego.Query("data.a."+effect), rego.Module(path, text), rego.Input(input),
			rego.Store(inmem.NewFromObject(data)), rego.StrictBuiltinErrors(true),
		).Eval(context.Background())
		if err != nil {
			return nil, err
		}
		// A package without the effect has nothing there.
		if len(results) == 0 {
			continue
		}
		for _, value := range results[0].Expressions[0].Value.([]any) {
			found = append(found, []any{effect, value})
		}
	}
	return found, nil
}

// refused says whether an error came before evaluation.
func refused(err error) bool { return !strings.Contains(err.Error(), "eval_") }

// record writes what OPA says of each policy of a file into it.
func record(path string) {
	file := read(path).(map[string]any)
	input, data := file["input"], file["data"].(map[string]any)
	for _, entry := range file["policies"].([]any) {
		policy := entry.(map[string]any)
		found, err := evaluate("p.rego", policy["rego"].(string), input, data)
		switch {
		case err == nil:
			policy["opa"] = found
		case refused(err):
			policy["opa"] = "refused"
		default:
			policy["opa"] = "fails"
		}
	}
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", " ")
	must(0, encoder.Encode(file))
	must(0, os.WriteFile(path, text.Bytes(), 0o644))
}

func main() {
	if os.Args[1] == "-record" {
		record(os.Args[2])
		return
	}
	dir := os.Args[1]
	input, data := read(filepath.Join(dir, "input")), read(filepath.Join(dir, "data")).(map[string]any)
	same, different, unread, failed, ours, alone := 0, 0, 0, 0, map[string]int{}, 0
	for _, path := range must(filepath.Glob(filepath.Join(dir, "*.rego"))) {
		text := string(must(os.ReadFile(path)))
		theirs, err := evaluate(path, text, input, data)
		told := read(strings.TrimSuffix(path, ".rego") + ".json")
		said, whole := told.([]any)
		switch {
		case err != nil && refused(err):
			unread++
			if whole && len(os.Args) > 2 {
				fmt.Printf("%s refused by OPA alone: %v\n", path, err)
			}
			continue
		case err != nil && !whole:
			failed++
			continue
		case err != nil:
			alone++
			fmt.Printf("%s fails in OPA alone: %v\n", path, err)
			continue
		case !whole:
			why := told.(string)
			ours[why[strings.LastIndex(why, ": ")+1:]]++
			fmt.Printf("%s fails in Weighlock alone: %v\n", path, why)
			continue
		}
		found, wanted := []string{}, []string{}
		for _, finding := range said {
			found = append(found, line(finding))
		}
		for _, finding := range theirs {
			wanted = append(wanted, line(finding))
		}
		slices.Sort(found)
		slices.Sort(wanted)
		if slices.Equal(found, wanted) {
			same++
			continue
		}
		different++
		fmt.Printf("%s\n  Weighlock %v\n  OPA       %v\n", path, found, wanted)
	}
	fmt.Printf("the same %d, different %d; refused by OPA %d; failed in both %d, in OPA alone %d, in Weighlock alone %v\n",
		same, different, unread, failed, alone, ours)
	if different+alone > 0 {
		os.Exit(1)
	}
}
