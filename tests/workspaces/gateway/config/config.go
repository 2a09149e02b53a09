// Package config reads the gateway's settings.
package config

import (
	"encoding/json"
	"errors"
	"os"
	"time"
)

// Settings is everything that an operator can change.
type Settings struct {
	Address           string        `json:"address"`
	Upstream          string        `json:"upstream"`
	RequestsPerSecond float64       `json:"requestsPerSecond"`
	Burst             int           `json:"burst"`
	Attempts          int           `json:"attempts"`
	Backoff           time.Duration `json:"backoff"`
}

// ErrNoUpstream says that there is nothing to forward requests to.
var ErrNoUpstream = errors.New("config: upstream is not set")

// Load reads a JSON file over the defaults. An empty path means defaults only.
func Load(path string) (Settings, error) {
	settings := Settings{Address: ":8080", RequestsPerSecond: 50, Burst: 100, Attempts: 3, Backoff: 100 * time.Millisecond}
	if path != "" {
		data, err := os.ReadFile(path)
		if err != nil {
			return settings, err
		}
		if err := json.Unmarshal(data, &settings); err != nil {
			return settings, err
		}
	}
	if settings.Upstream == "" {
		return settings, ErrNoUpstream
	}
	return settings, nil
}
