package middleware

import (
	"testing"
	"time"
)

func TestAllow(t *testing.T) {
	start := time.Date(2024, 5, 1, 12, 0, 0, 0, time.UTC)
	tests := []struct {
		name  string
		after []time.Duration
		want  []bool
	}{
		{"a burst passes", []time.Duration{0, 0}, []bool{true, true}},
		{"more than the burst does not", []time.Duration{0, 0, 0}, []bool{true, true, false}},
		{"time fills the bucket", []time.Duration{0, 0, time.Second}, []bool{true, true, true}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			now := start
			l := &limiter{rate: 1, burst: 2, now: func() time.Time { return now }, buckets: map[string]*bucket{}}
			for i, after := range test.after {
				now = now.Add(after)
				if got := l.allow("client"); got != test.want[i] {
					t.Errorf("request %d: got %v, want %v", i, got, test.want[i])
				}
			}
		})
	}
}
