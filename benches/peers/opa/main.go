// Measures OPA in process: the same rules over the same review as the Rust side, one prepared query.
//
//	opa-peer RULES_DIR REVIEW.json SECONDS ENTRY...
//
// Prints one JSON object: CPU nanoseconds for each evaluation of a parsed input, CPU nanoseconds from
// bytes to bytes, and how many findings there were.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"syscall"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/util"
)

func must[T any](value T, err error) T {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	return value
}

// cpu is the time that all threads of this process have run, the collector's included.
func cpu() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		panic(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// measure repeats a job for about that long, after a warm-up, and gives the CPU time of each.
func measure(seconds float64, job func()) float64 {
	for range 200 {
		job()
	}
	started, before := time.Now(), cpu()
	count := 0
	for time.Since(started).Seconds() < seconds {
		for range 50 {
			job()
		}
		count += 50
	}
	return float64(cpu()-before) / float64(count)
}

func main() {
	dir, file, entries := os.Args[1], os.Args[2], os.Args[4:]
	seconds := must(strconv.ParseFloat(os.Args[3], 64))
	ctx := context.Background()
	options := []func(*rego.Rego){rego.StrictBuiltinErrors(true)}
	paths := must(filepath.Glob(filepath.Join(dir, "*.rego")))
	sort.Strings(paths)
	for _, path := range paths {
		options = append(options, rego.Module(path, string(must(os.ReadFile(path)))))
	}
	query := "["
	for i, entry := range entries {
		if i > 0 {
			query += ", "
		}
		query += entry
	}
	options = append(options, rego.Query(query+"]"))
	prepared := must(rego.New(options...).PrepareForEval(ctx))
	text := must(os.ReadFile(file))

	parse := func() ast.Value {
		var document any
		if err := util.NewJSONDecoder(bytes.NewReader(text)).Decode(&document); err != nil {
			panic(err)
		}
		return must(ast.InterfaceToValue(document))
	}
	input := parse()
	findings := 0
	for _, set := range must(prepared.Eval(ctx, rego.EvalParsedInput(input)))[0].Expressions[0].Value.([]any) {
		findings += len(set.([]any))
	}
	evaluation := measure(seconds, func() {
		must(prepared.Eval(ctx, rego.EvalParsedInput(input)))
	})
	whole := measure(seconds, func() {
		results := must(prepared.Eval(ctx, rego.EvalParsedInput(parse())))
		must(json.Marshal(results[0].Expressions[0].Value))
	})
	must(0, json.NewEncoder(os.Stdout).Encode(map[string]any{
		"evaluation": evaluation, "whole": whole, "findings": findings,
	}))
}
