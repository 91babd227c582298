package main

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"
	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
	"golang.org/x/term"

	"github.com/leadglass/leadglass/internal/survey"
)

// The exit codes.
const (
	exitWorse       = 1   // it went, and found something wrong: a system that got worse, a record, a rule, a file
	exitTrouble     = 2   // usage, authorisation, or it could not go on
	exitInterrupted = 130 // as shells report an end by SIGINT
)

// tui is all that prints or exits. Results go to out, everything else to err.
type tui struct {
	out, err io.Writer
	columns  int  // of out; 0 where it is no terminal
	colour   bool // on out
	live     bool // err is a terminal that can show a bar

	mu    sync.Mutex // covers what follows
	bar   *bar
	above io.Writer // writes above the bar of whatever shows one
}

func newTUI(out, err *os.File) *tui {
	t := &tui{out: out, err: err}
	if term.IsTerminal(int(out.Fd())) {
		t.colour = os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
		t.columns, _, _ = term.GetSize(int(out.Fd())) // 0 stands for a usual one
	}
	t.live = term.IsTerminal(int(err.Fd())) && os.Getenv("TERM") != "dumb"
	return t
}

func (t *tui) print(format string, args ...any) error {
	_, err := fmt.Fprintf(t.out, format, args...)
	return err
}

// note tells the user something beside the result.
func (t *tui) note(format string, args ...any) {
	fmt.Fprintf(t, format+"\n", args...)
}

// Write writes to err, above the bar where there is one.
func (t *tui) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.above != nil {
		return t.above.Write(p)
	}
	return t.err.Write(p)
}

// diagnostics writes what is of that level or above.
func (t *tui) diagnostics(least slog.Level) *slog.Logger {
	return slog.New(slog.NewTextHandler(t, &slog.HandlerOptions{Level: least}))
}

// hintError is an error with what helps, and an exit code.
type hintError struct {
	err  error
	hint string
	code int
}

func (e *hintError) Error() string { return e.err.Error() }
func (e *hintError) Unwrap() error { return e.err }
func (e *hintError) Hint() string  { return e.hint }

// hinted adds a hint to an error that has none of its own.
func hinted(err error, hint string) error {
	var h interface{ Hint() string }
	if errors.As(err, &h) && h.Hint() != "" {
		hint = h.Hint()
	}
	return &hintError{err, hint, exitTrouble}
}

// errSaid ends the program for usage where all was said already, errWorse where
// a diff found something worse.
var (
	errSaid  = errors.New("usage")
	errWorse = errors.New("worse")
)

func usage(cmd *cobra.Command, format string, args ...any) error {
	return &hintError{fmt.Errorf(format, args...), cmd.CommandPath() + " --help says what there is", exitTrouble}
}

// exit ends the program, and says why where that is not plain.
func (t *tui) exit(err error) {
	os.Exit(t.explain(err))
}

func (t *tui) explain(err error) (code int) {
	switch {
	case err == nil:
		return 0
	case errors.Is(err, errWorse):
		return exitWorse
	case errors.Is(err, errSaid):
		return exitTrouble
	}
	code = exitTrouble
	if h, ok := errors.AsType[*hintError](err); ok && h.code != 0 {
		code = h.code
	}
	text := err.Error()
	for _, pkg := range []string{"scope: ", "survey: ", "place: ", "advisory: ", "report: ", "fleet: ", "serve: ", "identity: ", "ca: ", "review: "} {
		text = strings.TrimPrefix(text, pkg)
	}
	t.note("leadglass: %s", text)
	var h interface{ Hint() string }
	if errors.As(err, &h) && h.Hint() != "" {
		t.note("hint: %s", h.Hint())
	}
	return code
}

// bar shows how far a survey is.
type bar struct {
	group *mpb.Progress
	line  *mpb.Bar
	began time.Time
	rate  rate

	mu sync.Mutex // covers at
	at survey.Progress
}

// progress shows the bar, where there is a terminal to show it on.
func (t *tui) progress(p survey.Progress) {
	if !t.live {
		return
	}
	t.mu.Lock()
	if t.bar == nil {
		t.bar = newBar(t.err, p)
		t.above = t.bar.group
	}
	b := t.bar
	t.mu.Unlock()
	b.mu.Lock()
	b.at = p
	b.mu.Unlock()
	b.line.SetCurrent(int64(p.Hosts))
}

func newBar(w io.Writer, p survey.Progress) *bar {
	b := &bar{group: mpb.New(mpb.WithOutput(w), mpb.WithWidth(32), mpb.WithAutoRefresh()), began: time.Now(), at: p}
	b.rate.start = p.Resumed
	b.line = b.group.New(int64(p.Total), mpb.BarStyle(),
		mpb.AppendDecorators(decor.Any(func(decor.Statistics) string {
			b.mu.Lock()
			defer b.mu.Unlock()
			return b.rate.line(b.at, time.Since(b.began))
		})))
	return b
}

// endProgress leaves the bar as it is.
func (t *tui) endProgress() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.bar == nil {
		return
	}
	t.bar.line.Abort(false) // does nothing where it is complete
	t.bar.group.Wait()
	t.bar, t.above = nil, nil
}
