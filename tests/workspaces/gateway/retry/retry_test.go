package retry

import (
	"context"
	"errors"
	"testing"
	"time"
)

var errBroken = errors.New("broken")

func TestDo(t *testing.T) {
	tests := []struct {
		name      string
		failures  int
		permanent bool
		wantCalls int
		wantErr   error
	}{
		{"success at once", 0, false, 1, nil},
		{"success after failures", 2, false, 3, nil},
		{"gives up after all attempts", 5, false, 3, errBroken},
		{"a permanent error is not repeated", 5, true, 1, errBroken},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			calls := 0
			err := Policy{Attempts: 3, Base: time.Nanosecond}.Do(context.Background(), func(context.Context) error {
				calls++
				if calls > test.failures {
					return nil
				}
				if test.permanent {
					return Permanent(errBroken)
				}
				return errBroken
			})
			if !errors.Is(err, test.wantErr) {
				t.Errorf("error: got %v, want %v", err, test.wantErr)
			}
			if calls != test.wantCalls {
				t.Errorf("calls: got %d, want %d", calls, test.wantCalls)
			}
		})
	}
}
