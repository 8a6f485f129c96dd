// Holds what Weighlock's interpreter said of random policies against what OPA says of them.
//
//	WEIGHLOCK_RANDOM_FOLDER=DIR cargo test --lib random_policies
//	go run ./compare DIR
//
// DIR has N.rego and N.json for each policy, and the input and the data that they look at. Policies that
// OPA's type checker refuses, or that fail in either, are counted and not compared. Exits 1 where the
// two say different things.
package main

import (
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

func main() {
	dir := os.Args[1]
	input, data := read(filepath.Join(dir, "input")), read(filepath.Join(dir, "data")).(map[string]any)
	same, different, refused, failed := 0, 0, 0, 0
	for _, path := range must(filepath.Glob(filepath.Join(dir, "*.rego"))) {
		text := string(must(os.ReadFile(path)))
		results, err := rego.New(
			rego.Query("data.a"), rego.Module(path, text), rego.Input(input),
			rego.Store(inmem.NewFromObject(data)), rego.StrictBuiltinErrors(true),
		).Eval(context.Background())
		said, whole := read(strings.TrimSuffix(path, ".rego") + ".json").([]any)
		switch {
		case err != nil && !strings.Contains(err.Error(), "eval_"):
			refused++
			continue
		case err != nil || !whole:
			failed++
			continue
		}
		ours, theirs := []string{}, []string{}
		for _, finding := range said {
			ours = append(ours, line(finding))
		}
		for _, effect := range []string{"deny", "warn"} {
			set, _ := results[0].Expressions[0].Value.(map[string]any)[effect].([]any)
			for _, value := range set {
				theirs = append(theirs, line([]any{effect, value}))
			}
		}
		slices.Sort(ours)
		slices.Sort(theirs)
		if slices.Equal(ours, theirs) {
			same++
			continue
		}
		different++
		fmt.Printf("%s\n  Weighlock %v\n  OPA       %v\n", path, ours, theirs)
	}
	fmt.Printf("the same %d, different %d; refused by OPA %d, failed in either %d\n", same, different, refused, failed)
	if different > 0 {
		os.Exit(1)
	}
}
