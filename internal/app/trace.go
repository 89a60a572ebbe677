package app

import (
	"context"
	"errors"
	"net/http"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"atrium/internal/proto/web"
)

// flushTraces is how long the last spans may take to be sent.
const flushTraces = 5 * time.Second

// tracing starts a span for each request when a collector is configured, below
// the caller's if it sends a traceparent. Without a collector it returns nil.
func (h *house) tracing(ctx context.Context) (spanner, error) {
	if h.conf.OTLP.Endpoint == "" {
		return nil, nil
	}
	exp, err := otlptracehttp.New(ctx, otlptracehttp.WithEndpointURL(h.conf.OTLP.Endpoint))
	if err != nil {
		return nil, err
	}
	p := sdktrace.NewTracerProvider(sdktrace.WithBatcher(exp),
		sdktrace.WithResource(resource.NewSchemaless(attribute.String("service.name", "atrium"), attribute.String("service.version", h.version))))
	h.closers = append(h.closers, closeTraces{p})
	tracer, from := p.Tracer("atrium"), propagation.TraceContext{}
	return func(r *http.Request) (context.Context, func(web.Summary)) {
		ctx, span := tracer.Start(from.Extract(r.Context(), propagation.HeaderCarrier(r.Header)), r.Method, trace.WithSpanKind(trace.SpanKindServer))
		return ctx, func(s web.Summary) {
			span.SetName(s.Method + " " + s.Route)
			span.SetAttributes(attribute.String("http.request.method", s.Method), attribute.String("http.route", s.Route),
				attribute.Int("http.response.status_code", s.Status), attribute.Int64("http.response.body.size", s.Out))
			if s.Status >= 500 {
				span.SetStatus(codes.Error, "")
			}
			span.End()
		}
	}, nil
}

type closeTraces struct{ p *sdktrace.TracerProvider }

// Close sends what is left.
func (c closeTraces) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), flushTraces)
	defer cancel()
	if err := c.p.Shutdown(ctx); !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return nil // a collector that does not answer is no reason to fail
}
