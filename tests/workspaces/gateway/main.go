package main

import (
	"log/slog"
	"net/http"
	"os"

	"example.com/gateway/config"
	"example.com/gateway/middleware"
	"example.com/gateway/proxy"
	"example.com/gateway/retry"
)

func main() {
	logger := slog.New(slog.NewJSONHandler(os.Stderr, nil))
	settings, err := config.Load(os.Getenv("GATEWAY_CONFIG"))
	if err != nil {
		logger.Error("configuration", "error", err)
		os.Exit(1)
	}
	handler := middleware.Chain(
		proxy.New(settings.Upstream, retry.Policy{Attempts: settings.Attempts, Base: settings.Backoff}),
		middleware.Recover(logger),
		middleware.RequestID(),
		middleware.RateLimit(settings.RequestsPerSecond, settings.Burst),
	)
	logger.Info("listening", "address", settings.Address)
	if err := http.ListenAndServe(settings.Address, handler); err != nil {
		logger.Error("server", "error", err)
		os.Exit(1)
	}
}
