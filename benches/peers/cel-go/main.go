// Measures cel-go: the same expressions over the same review as the Rust side, compiled once.
//
//	cel-go-peer EXPRESSIONS.json REVIEW.json SECONDS
//
// Prints one JSON object: CPU nanoseconds for each evaluation of all expressions over a decoded input,
// CPU nanoseconds with the decoding of the input's bytes, and how many expressions held.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"syscall"
	"time"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/ext"
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
	seconds := must(strconv.ParseFloat(os.Args[3], 64))
	var expressions []string
	must(0, json.Unmarshal(must(os.ReadFile(os.Args[1])), &expressions))
	text := must(os.ReadFile(os.Args[2]))
	env := must(cel.NewEnv(cel.Variable("input", cel.DynType), cel.OptionalTypes(), ext.Strings()))
	programs := make([]cel.Program, 0, len(expressions))
	for _, expression := range expressions {
		checked, issues := env.Compile(expression)
		must(0, issues.Err())
		programs = append(programs, must(env.Program(checked, cel.EvalOptions(cel.OptOptimize))))
	}
	decode := func() map[string]any {
		var input any
		must(0, json.Unmarshal(text, &input))
		return map[string]any{"input": input}
	}
	held := 0
	evaluate := func(input map[string]any) {
		held = 0
		for _, program := range programs {
			value, _, err := program.Eval(input)
			must(0, err)
			if value == types.True {
				held++
			}
		}
	}
	input := decode()
	evaluation := measure(seconds, func() { evaluate(input) })
	whole := measure(seconds, func() { evaluate(decode()) })
	must(0, json.NewEncoder(os.Stdout).Encode(map[string]any{
		"evaluation": evaluation, "whole": whole, "held": held,
	}))
}
