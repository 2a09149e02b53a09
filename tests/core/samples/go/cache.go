// Package cache keeps values for a while.
package cache

import (
	"errors"
	"sync"
	clock "time"
)

// ErrMissing says that a key is not there.
var ErrMissing = errors.New("cache: missing")

const (
	defaultSize = 128
	maxSize     = 4096
)

// Store is what a cache needs.
type Store interface {
	Get(key string) ([]byte, error)
	Len() int
}

// LRU drops the least recently used entry.
type LRU[K comparable] struct {
	sync.Mutex
	*stats
	entries map[K]*entry
	limit   int
}

// New returns an empty cache.
func New[K comparable](limit int) *LRU[K] {
	if limit <= 0 {
		limit = defaultSize
	}
	return &LRU[K]{entries: make(map[K]*entry), limit: limit}
}

// Get returns the value of a key and marks it as used.
func (c *LRU[K]) Get(key K) ([]byte, error) {
	c.Lock()
	defer c.Unlock()
	found, ok := c.entries[key]
	if !ok {
		return nil, ErrMissing
	}
	found.touch(clock.Now())
	return found.value, nil
}

func (e *entry) touch(at clock.Time) { e.used = at }

type entry struct {
	value []byte
	used  clock.Time
}
