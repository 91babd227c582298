package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/leadglass/leadglass/internal/regular"
	"github.com/leadglass/leadglass/internal/review"
)

func reviewCommand(t *tui) *cobra.Command {
	c := &archiveConfig{}
	cmd := &cobra.Command{
		Use: "review", Short: "Judge what the log of an archive says",
		Args: noArgs, RunE: func(cmd *cobra.Command, _ []string) error { return usage(cmd, "say what to review") },
	}
	c.flags(cmd)
	cmd.AddCommand(reviewVerify(t, c))
	return cmd
}

// verifyConfig is what leadglass review verify is told.
type verifyConfig struct {
	// Key is the file with the line that verifies checkpoints; log.pub of the data
	// folder without. One that was kept elsewhere is worth more.
	Key string
	// Checkpoint is a file with a checkpoint that was kept elsewhere.
	Checkpoint string
	// Stopped: the archive was stopped in order, so nothing may follow its last commit.
	Stopped bool
}

func reviewVerify(t *tui, a *archiveConfig) *cobra.Command {
	c := &verifyConfig{}
	cmd := &cobra.Command{
		Use: "verify", Short: "Derive every hash, signature and count of the log again",
		Long: "Reads the whole log, derives every hash, signature and count again from the bytes on the disk, and\n" +
			"names the first record that is wrong. The archive may be running.\n\n" +
			"Whoever has the key of the log could write all of it anew. So keep a checkpoint and log.pub elsewhere\n" +
			"from time to time, and name them: the log must hold on to what they say.\n\n" +
			"It exits with 1 where anything is wrong.",
		Example: "  leadglass review verify --data leadglass-data\n" +
			"  leadglass review verify --config leadglass.toml --key kept/log.pub --checkpoint kept/checkpoint",
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			sc, err := a.existing()
			if err != nil {
				return err
			}
			ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
			defer stop()
			return c.run(ctx, t, sc.Data)
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.StringVar(&c.Key, "key", "", "`file` with the line that verifies checkpoints (default log.pub of the data folder)")
	f.StringVar(&c.Checkpoint, "checkpoint", "", "`file` with a checkpoint that was kept elsewhere")
	f.BoolVar(&c.Stopped, "stopped", false, "the archive was stopped in order: nothing may follow its last commit")
	return cmd
}

// maxKept bounds files with a key or a checkpoint, in bytes.
const maxKept = 64 << 10

func (c *verifyConfig) run(ctx context.Context, t *tui, data string) error {
	rc := review.Config{Dir: filepath.Join(data, "log"), Open: !c.Stopped}
	for _, f := range []struct {
		name string
		keep func([]byte)
	}{
		{cmp.Or(c.Key, filepath.Join(data, "log.pub")), func(b []byte) { rc.Key = strings.TrimSpace(string(b)) }},
		{c.Checkpoint, func(b []byte) { rc.Checkpoint = b }},
	} {
		if f.name == "" {
			continue
		}
		text, err := regular.Read(f.name, maxKept)
		if err != nil {
			return fmt.Errorf("reading %s: %s", f.name, regular.Reason(err))
		}
		f.keep(text)
	}
	began := time.Now()
	r, err := review.Verify(ctx, rc)
	if bad, ok := errors.AsType[*review.BadError](err); ok {
		return &hintError{bad, "keep the folder as it is: what follows this record cannot be relied upon, and what is before it can", exitWorse}
	}
	if err != nil {
		return err
	}
	return t.verified(r, time.Since(began))
}

func (t *tui) verified(r *review.Report, took time.Duration) error {
	var b strings.Builder
	line := func(what, format string, args ...any) {
		fmt.Fprintf(&b, "%-12s %s\n", what, fmt.Sprintf(format, args...))
	}
	line("log", "%s", r.Origin)
	line("records", "%s, from %s to %s", group(r.Size), cmp.Or(r.From, "-"), cmp.Or(r.To, "-"))
	line("root", "%s", r.Root)
	line("refused", "%s", group(r.Refused))
	line("transfers", "%s begun, %s ended, %s without an end", group(r.Begun), group(r.Ended), group(r.Unended))
	line("instances", "%s handed out or taken in by them", group(r.Instances))
	line("bodies", "%s sealed, %s erased in order", group(r.Bodies), group(r.Erased))
	if r.Size > r.Published {
		line("unpublished", "%s records: the archive runs, or was cut off", group(r.Size-r.Published))
	}
	if r.Tail > 0 {
		line("tail", "%d bytes behind the last commit: the archive runs, or was cut off", r.Tail)
	}
	line("verified", "all of it, in %s", took.Round(time.Millisecond))
	return t.print("%s", b.String())
}
