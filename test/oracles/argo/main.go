// Reads one case of `shiplock judge` a line and prints the phase that Argo Rollouts' own controller gives it, a line each.
// Only the provider is ours: it answers with the measurements of the case.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"reflect"
	"time"
	"unsafe"

	"github.com/argoproj/argo-rollouts/analysis"
	"github.com/argoproj/argo-rollouts/metric"
	"github.com/argoproj/argo-rollouts/pkg/apis/rollouts/v1alpha1"
	"github.com/argoproj/argo-rollouts/utils/evaluate"
	"github.com/argoproj/argo-rollouts/utils/record"
	timeutil "github.com/argoproj/argo-rollouts/utils/time"
	"github.com/sirupsen/logrus"
	"k8s.io/apimachinery/pkg/runtime"
	kubejson "sigs.k8s.io/json"
)

// The controller's step, which Argo does not export.
//
//go:linkname reconcile github.com/argoproj/argo-rollouts/analysis.(*Controller).reconcileAnalysisRun
func reconcile(*analysis.Controller, *v1alpha1.AnalysisRun) *v1alpha1.AnalysisRun

type measurement struct {
	Value json.RawMessage `json:"value"`
	Error *string         `json:"error"`
}

type oneCase struct {
	Metric       json.RawMessage `json:"metric"`
	Measurements []measurement   `json:"measurements"`
	Terminated   bool            `json:"terminated"`
}

var beginning = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// silent takes the controller's events.
type silent struct{ record.EventRecorder }

func (silent) Eventf(runtime.Object, record.EventOptions, string, ...any) {}

// now is the controller's clock.
var now time.Time

func main() {
	logrus.SetOutput(io.Discard)
	timeutil.SetNowTimeFunc(func() time.Time { return now })
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 64<<20)
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	for lines.Scan() {
		var one oneCase
		if err := json.Unmarshal(lines.Bytes(), &one); err != nil {
			panic(fmt.Errorf("%w: %s", err, lines.Text()))
		}
		fmt.Fprintln(out, phaseOf(one))
	}
	if err := lines.Err(); err != nil {
		panic(err)
	}
}

func phaseOf(one oneCase) v1alpha1.AnalysisPhase {
	now = beginning
	var judged v1alpha1.Metric
	// As the API server and the informers read it. What they cannot read never becomes a run: that is an error.
	if err := kubejson.UnmarshalCaseSensitivePreserveInts(one.Metric, &judged); err != nil {
		return v1alpha1.AnalysisPhaseError
	}
	if reflect.DeepEqual(judged.Provider, v1alpha1.MetricProvider{}) {
		judged.Provider.Prometheus = &v1alpha1.PrometheusMetric{}
	}
	answers := &given{measurements: one.Measurements}
	controller := controllerWith(answers)
	run := &v1alpha1.AnalysisRun{}
	run.Spec.Metrics = []v1alpha1.Metric{judged}
	if len(one.Measurements) == 0 {
		// Nothing has answered yet: the first measurement is under way, or was never begun.
		run.Spec.Terminate = one.Terminated
		return reconcile(controller, run).Status.Phase
	}
	for answers.taken < len(one.Measurements) && !run.Status.Phase.Completed() {
		before := answers.taken
		for tries := 0; answers.taken == before && !run.Status.Phase.Completed(); tries++ {
			if tries == 3 {
				panic(fmt.Sprintf("no measurement was taken: %s", one.Metric))
			}
			wait(judged)
			run = reconcile(controller, run)
		}
	}
	if one.Terminated && !run.Status.Phase.Completed() {
		run.Spec.Terminate = true
		run = reconcile(controller, run)
	}
	return run.Status.Phase
}

// wait moves the clock to where the next measurement is due, whatever the last one was.
func wait(judged v1alpha1.Metric) {
	for _, text := range []v1alpha1.DurationString{judged.Interval, judged.InitialDelay} {
		if duration, err := text.Duration(); err == nil && duration > 0 {
			now = now.Add(duration)
		}
	}
	now = now.Add(analysis.DefaultErrorRetryInterval + time.Second)
}

// given is the provider: the measurements of a case, in their order.
type given struct {
	measurements []measurement
	taken        int
}

func (g *given) Run(_ *v1alpha1.AnalysisRun, judged v1alpha1.Metric) v1alpha1.Measurement {
	started := timeutil.MetaNow()
	if g.taken >= len(g.measurements) {
		return v1alpha1.Measurement{Phase: v1alpha1.AnalysisPhaseRunning, StartedAt: &started}
	}
	next := g.measurements[g.taken]
	g.taken++
	answer := v1alpha1.Measurement{Phase: v1alpha1.AnalysisPhaseError, StartedAt: &started, FinishedAt: &started}
	if next.Error != nil {
		answer.Message = *next.Error
		return answer
	}
	phase, err := evaluate.EvaluateResult(resultOf(next.Value), judged, *logrus.NewEntry(logrus.StandardLogger()))
	answer.Phase = phase
	if err != nil {
		answer.Message = err.Error()
	}
	return answer
}

// resultOf is a value as a condition sees it: as Prometheus' provider gives it where it is a list of numbers (the words
// for those that JSON lacks included), else as that of HTTP answers in JSON.
func resultOf(raw json.RawMessage) any {
	var value any
	if err := json.Unmarshal(raw, &value); err != nil {
		panic(err)
	}
	list, ok := value.([]any)
	if !ok || len(list) == 0 {
		return value
	}
	words := map[any]float64{"NaN": math.NaN(), "+Inf": math.Inf(1), "-Inf": math.Inf(-1)}
	numbers := make([]float64, len(list))
	for i, item := range list {
		switch item := item.(type) {
		case float64:
			numbers[i] = item
		case string:
			word, known := words[item]
			if !known {
				return value
			}
			numbers[i] = word
		default:
			return value
		}
	}
	return numbers
}

func (g *given) Resume(_ *v1alpha1.AnalysisRun, _ v1alpha1.Metric, m v1alpha1.Measurement) v1alpha1.Measurement {
	return m
}
func (g *given) Terminate(_ *v1alpha1.AnalysisRun, _ v1alpha1.Metric, m v1alpha1.Measurement) v1alpha1.Measurement {
	return m
}
func (g *given) GarbageCollect(*v1alpha1.AnalysisRun, v1alpha1.Metric, int) error { return nil }
func (g *given) Type() string                                                     { return "given" }
func (g *given) GetMetadata(v1alpha1.Metric) map[string]string                    { return nil }

func controllerWith(provider metric.Provider) *analysis.Controller {
	controller := &analysis.Controller{}
	set(controller, "recorder", silent{})
	set(controller, "enqueueAnalysisAfter", func(any, time.Duration) {})
	set(controller, "newProvider", func(logrus.Entry, string, v1alpha1.Metric) (metric.Provider, error) {
		return provider, nil
	})
	return controller
}

// set fills a field of the controller that its constructor would fill with a connection to a cluster.
func set(controller *analysis.Controller, name string, value any) {
	field := reflect.ValueOf(controller).Elem().FieldByName(name)
	reflect.NewAt(field.Type(), unsafe.Pointer(field.UnsafeAddr())).Elem().Set(reflect.ValueOf(value))
}
