// Package proxy forwards requests to the service behind the gateway.
package proxy

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"

	"example.com/gateway/middleware"
	"example.com/gateway/retry"
)

// Proxy is an http.Handler that forwards to one upstream.
type Proxy struct {
	upstream string
	policy   retry.Policy
	client   *http.Client
}

// New returns a proxy for the upstream's base URL.
func New(upstream string, policy retry.Policy) *Proxy {
	return &Proxy{upstream: upstream, policy: policy, client: &http.Client{}}
}

// ServeHTTP forwards the request; requests that change nothing are repeated when the upstream fails.
func (p *Proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 10<<20))
	if err != nil {
		http.Error(w, "the body is too large", http.StatusRequestEntityTooLarge)
		return
	}
	var response *http.Response
	err = p.policy.Do(r.Context(), func(ctx context.Context) error {
		var failure error
		response, failure = p.forward(ctx, r, body)
		if failure != nil && !isIdempotent(r.Method) {
			return retry.Permanent(failure)
		}
		return failure
	})
	if err != nil {
		http.Error(w, "the service does not answer", statusFor(err))
		return
	}
	defer response.Body.Close()
	copyHeader(w.Header(), response.Header)
	w.WriteHeader(response.StatusCode)
	_, _ = io.Copy(w, response.Body)
}

func (p *Proxy) forward(ctx context.Context, r *http.Request, body []byte) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, r.Method, p.upstream+r.URL.RequestURI(), bytes.NewReader(body))
	if err != nil {
		return nil, retry.Permanent(err)
	}
	request.Header = r.Header.Clone()
	request.Header.Set("X-Request-ID", middleware.IDFrom(r.Context()))
	response, err := p.client.Do(request)
	if err != nil {
		return nil, err
	}
	if response.StatusCode >= http.StatusBadGateway {
		response.Body.Close()
		return nil, fmt.Errorf("upstream answered %d", response.StatusCode)
	}
	return response, nil
}

func isIdempotent(method string) bool {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodPut, http.MethodDelete:
		return true
	}
	return false
}

func statusFor(err error) int {
	if errors.Is(err, context.DeadlineExceeded) {
		return http.StatusGatewayTimeout
	}
	return http.StatusBadGateway
}

func copyHeader(to, from http.Header) {
	for key, values := range from {
		to[key] = append(to[key], values...)
	}
}
