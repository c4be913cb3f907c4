// Command expr answers conditions as Argo Rollouts does, with the same version of expr-lang. It reads JSON lines from
// standard input, {"condition": …, "numbers": ["0.99", "NaN"]} for a vector, {"condition": …, "number": "1"} for a
// scalar, {"condition": …, "result": …} for any JSON, and writes for each a line: true, false or "error".
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"reflect"
	"strconv"

	"github.com/expr-lang/expr"
)

type question struct {
	Condition string
	Numbers   *[]string
	Number    *string
	Result    any
}

// result is what Argo's providers hand over: []float64 and float64 of Prometheus, decoded JSON of others.
func (q question) result() any {
	switch {
	case q.Number != nil:
		return parsed(*q.Number)
	case q.Numbers != nil:
		values := make([]float64, 0, len(*q.Numbers))
		for _, text := range *q.Numbers {
			values = append(values, parsed(text))
		}
		return values
	default:
		return q.Result
	}
}

func parsed(text string) float64 {
	value, err := strconv.ParseFloat(text, 64)
	if err != nil {
		panic(err)
	}
	return value
}

// answer compiles the condition for this very result, as Argo Rollouts' utils/evaluate does, and runs it.
func answer(condition string, result any) (answered string) {
	defer func() {
		if recover() != nil {
			answered = `"error"`
		}
	}()
	env := environment(result)
	program, err := expr.Compile(condition, expr.Env(env))
	if err != nil {
		return explained(err)
	}
	output, err := expr.Run(program, env)
	if err != nil {
		return explained(err)
	}
	if truth, ok := output.(bool); ok {
		return strconv.FormatBool(truth)
	}
	return explained(fmt.Errorf("not a bool but %T", output))
}

func explained(err error) string {
	if os.Getenv("EXPLAIN") != "" {
		fmt.Fprintln(os.Stderr, err)
	}
	return `"error"`
}

// environment has the names that Argo Rollouts gives a condition; isNil and default look at the whole result.
func environment(result any) map[string]any {
	return map[string]any{
		"result":  result,
		"asInt":   toInt,
		"asFloat": toFloat,
		"isNaN":   math.IsNaN,
		"isInf":   func(value float64) bool { return math.IsInf(value, 0) },
		"isNil":   func(any) bool { return result == nil },
		"default": func(_ any, otherwise any) any {
			if result == nil {
				return otherwise
			}
			return result
		},
	}
}

func toInt(value any) int64 {
	if text, ok := value.(string); ok {
		number, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			panic(err)
		}
		return number
	}
	return plain(value).Convert(reflect.TypeFor[int64]()).Int()
}

func toFloat(value any) float64 {
	if text, ok := value.(string); ok {
		number, err := strconv.ParseFloat(text, 64)
		if err != nil {
			panic(err)
		}
		return number
	}
	return plain(value).Convert(reflect.TypeFor[float64]()).Float()
}

// plain refuses everything but Go's own numbers, so also a time.Duration.
func plain(value any) reflect.Value {
	number := reflect.ValueOf(value)
	if !number.IsValid() || number.Type().PkgPath() != "" || !(number.CanInt() || number.CanUint() || number.CanFloat()) {
		panic(fmt.Sprintf("%T is no number", value))
	}
	return number
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<24)
	output := bufio.NewWriter(os.Stdout)
	defer output.Flush()
	for lines.Scan() {
		var asked question
		if err := json.Unmarshal(lines.Bytes(), &asked); err != nil {
			panic(err)
		}
		fmt.Fprintln(output, answer(asked.Condition, asked.result()))
	}
	if err := lines.Err(); err != nil {
		panic(err)
	}
}
