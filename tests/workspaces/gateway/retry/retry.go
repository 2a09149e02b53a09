// Package retry repeats what may succeed the second time.
package retry

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"
)

// Policy says how often and how patiently to try.
type Policy struct {
	Attempts int
	Base     time.Duration
	Max      time.Duration
}

// permanentError marks an error that no repetition will cure.
type permanentError struct{ cause error }

func (e permanentError) Error() string { return e.cause.Error() }
func (e permanentError) Unwrap() error { return e.cause }

// Permanent wraps an error so that Do gives up at once.
func Permanent(err error) error { return permanentError{err} }

// Do calls work until it succeeds, the attempts are used up, the error is permanent or the context is done.
func (p Policy) Do(ctx context.Context, work func(context.Context) error) error {
	var err error
	for attempt := 0; attempt < max(1, p.Attempts); attempt++ {
		if err = work(ctx); err == nil {
			return nil
		}
		var permanent permanentError
		if errors.As(err, &permanent) {
			return permanent.cause
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(p.Backoff(attempt)):
		}
	}
	return err
}

// Backoff doubles with each attempt up to Max, with jitter so that clients do not come back all at once.
func (p Policy) Backoff(attempt int) time.Duration {
	delay := p.Base << min(attempt, 16)
	if p.Max > 0 && delay > p.Max {
		delay = p.Max
	}
	return delay/2 + rand.N(delay/2+1)
}
