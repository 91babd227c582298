package survey

import (
	"context"
	"fmt"
	"log/slog"
	"runtime"
	"strings"

	"github.com/leadglass/leadglass/internal/probe"
	"github.com/leadglass/leadglass/internal/scope"
)

// caught calls f and turns a panic into errPanicked.
func (r *run) caught(h scope.Host, f func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			notePanic(r.cfg.Diagnostics, h.Addr.String(), v)
			err = errPanicked
		}
	}()
	return f()
}

// notePanic writes where a panic was, and nothing that was in memory then: a
// value of the panic or an argument of a function could be of a patient.
func notePanic(to *slog.Logger, address string, value any) {
	if to != nil {
		to.Error("panic", "address", address, "type", fmt.Sprintf("%T", value), "at", strings.Join(panicked(), " < "))
	}
}

// panicked lists the functions from the panic outwards, called while deferred.
func panicked() []string {
	const deepest = 16
	pc := make([]uintptr, 64)
	frames := runtime.CallersFrames(pc[:runtime.Callers(1, pc)])
	var all []string
	below := false
	for more := true; more && len(all) < deepest; {
		var f runtime.Frame
		f, more = frames.Next()
		if below && !strings.HasPrefix(f.Function, "runtime.") {
			all = append(all, fmt.Sprintf("%s:%d", f.Function, f.Line))
		}
		below = below || f.Function == "runtime.gopanic"
	}
	return all
}

// portCaught asks one port; after a panic it is another service.
func (e *Examiner) portCaught(ctx context.Context, asker *probe.Asker, h scope.Host, p *asked) {
	defer func() {
		if v := recover(); v != nil {
			notePanic(e.Diagnostics, p.target.Address(), v)
			p.class, p.dialogue, p.site = probe.OtherService, nil, nil
		}
	}()
	e.port(ctx, asker, h, p)
}
