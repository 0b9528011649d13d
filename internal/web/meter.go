package web

import (
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// meter holds the numbers of this router. Labels are method, status and
// directive only: a path could name a person.
type meter struct {
	requests *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
	kept     *prometheus.CounterVec
}

func newMeter() *meter {
	return &meter{
		kept:     prometheus.NewCounterVec(prometheus.CounterOpts{Name: "portico_policy_reports_total", Help: "What browsers say that the content security policy kept from happening."}, []string{"directive"}),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "portico_http_requests_total", Help: "Requests by method and status."}, []string{"method", "status"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "portico_http_request_seconds", Help: "Time to answer.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5}}, []string{"method"}),
	}
}

func (m *meter) count(method string, status int, took time.Duration) {
	switch method {
	case "GET", "HEAD", "POST":
	default:
		method = "other" // whatever a client made up must not become a label
	}
	m.requests.WithLabelValues(method, strconv.Itoa(status)).Inc()
	m.seconds.WithLabelValues(method).Observe(took.Seconds())
}

// Collectors are the router's metrics, to be registered.
func (r *Router) Collectors() []prometheus.Collector {
	return []prometheus.Collector{r.meter.requests, r.meter.seconds, r.meter.kept}
}
