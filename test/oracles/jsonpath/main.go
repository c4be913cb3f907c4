// Answers JSON paths as Argo's web metric has them answered: by client-go's util/jsonpath, over encoding/json's values.
//
// Reads lines of {"path": …, "document": …} on standard input and writes each with its answer: "values", "none" (found
// nothing), "failed" (an error while it looked), or "refused" (no path). Objects have no order in Go, so each path is
// followed several times; "anyOrder" says that the order of the values changed, and lines whose answer itself changed
// are left out, as are those that Go cannot put in words (the bytes of a text).
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"sort"
	"strings"

	"k8s.io/client-go/util/jsonpath"
)

const times = 24

type line struct {
	Path     string          `json:"path"`
	Document json.RawMessage `json:"document"`
	Answer   string          `json:"answer"`
	Values   []any           `json:"values,omitempty"`
	AnyOrder bool            `json:"anyOrder,omitempty"`
}

func main() {
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(make([]byte, 1<<20), 1<<20)
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	for in.Scan() {
		var asked line
		if err := json.Unmarshal(in.Bytes(), &asked); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		if answered, ok := answer(asked); ok {
			if err := encoder.Encode(answered); err != nil {
				fmt.Fprintln(os.Stderr, err)
				os.Exit(1)
			}
		}
	}
}

func answer(asked line) (line, bool) {
	first, ok := once(asked)
	if !ok {
		return first, false
	}
	for range times {
		again, ok := once(asked)
		if !ok || again.Answer != first.Answer || sorted(again.Values) != sorted(first.Values) {
			return first, false
		}
		first.AnyOrder = first.AnyOrder || inWords(again.Values) != inWords(first.Values)
	}
	return first, true
}

func once(asked line) (answered line, ok bool) {
	answered = asked
	defer func() {
		if recover() != nil {
			ok = false
		}
	}()
	var document any
	if err := json.Unmarshal(asked.Document, &document); err != nil {
		return answered, false
	}
	parser := jsonpath.New("metric")
	if err := parser.Parse(asked.Path); err != nil {
		answered.Answer = "refused"
		return answered, true
	}
	results, err := parser.FindResults(document)
	if err != nil {
		answered.Answer = "failed"
		return answered, true
	}
	answered.Answer = "none"
	for _, group := range results {
		for _, value := range group {
			if value.Kind() == reflect.Uint8 {
				return answered, false
			}
			answered.Answer = "values"
			answered.Values = append(answered.Values, marked(value.Interface()))
		}
	}
	return answered, true
}

// A whole number that is written in a path is an int, not a float: {"whole": 3}.
func marked(value any) any {
	if whole, ok := value.(int); ok {
		return map[string]any{"whole": whole}
	}
	return value
}

func inWords(values []any) string {
	text, _ := json.Marshal(values)
	return string(text)
}

func sorted(values []any) string {
	texts := make([]string, len(values))
	for i, value := range values {
		text, _ := json.Marshal(value)
		texts[i] = string(text)
	}
	sort.Strings(texts)
	return strings.Join(texts, "\n")
}
