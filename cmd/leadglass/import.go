package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/signal"
	"os/user"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"github.com/leadglass/leadglass"
	"github.com/leadglass/leadglass/internal/serve"
)

// importConfig is what leadglass import is told.
type importConfig struct {
	archiveConfig
	// Report is a file for what was refused and why, one a line; without it stderr.
	Report string
	Quiet  bool
}

func importCommand(t *tui) *cobra.Command {
	c := &importConfig{}
	cmd := &cobra.Command{
		Use: "import PATH…", Short: "Store files that are on this machine",
		Long: "Stores files (PS3.10), what is in folders and zip files, and what a DICOMDIR names. The archive\n" +
			"must not be running. An import that was interrupted is simply done again: what is there already is\n" +
			"not written again. The files stay where they are.\n\n" +
			"It exits with 1 where files were refused, and says which and why.",
		Example: "  leadglass import /media/cdrom/DICOMDIR\n  leadglass import --report refused.txt old-archive/ more.zip",
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usage(cmd, "name files or folders to import")
			}
			return c.run(cmd.Context(), t, args)
		},
	}
	c.flags(cmd)
	cmd.Flags().StringVar(&c.Report, "report", "", "`file` for what was refused and why, one a line")
	cmd.Flags().BoolVarP(&c.Quiet, "quiet", "q", false, "print nothing but what was refused")
	return cmd
}

func (c *importConfig) run(ctx context.Context, t *tui, paths []string) error {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	sc, err := c.load()
	if err != nil {
		return err
	}
	report := &refusals{t: t}
	if c.Report != "" {
		if report.file, err = os.OpenFile(c.Report, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600); err != nil {
			return err
		}
		defer report.file.Close()
	}
	bar := t.importing(paths, c.Quiet)
	done, err := serve.Import(ctx, sc, serve.Importing{Paths: paths, Operator: operator(), Progress: bar.set, Refused: report.refused, Warned: report.warned})
	bar.end()
	return c.conclude(t, done, report, err)
}

// conclude says what became of the files.
func (c *importConfig) conclude(t *tui, done serve.Imported, report *refusals, err error) error {
	if !c.Quiet {
		if err := t.print("%s: %d stored (%s), %d were there already, %d refused\n", counted(uint64(done.Files), "file"), done.Stored, size(done.Bytes), done.Duplicates, done.Refused); err != nil {
			return err
		}
	}
	switch {
	case errors.Is(err, context.Canceled):
		return &hintError{errors.New("interrupted"), "the same command goes on where it stopped", exitInterrupted}
	case err != nil:
		return hinted(err, "what was stored stays; the same command goes on where it stopped")
	case report.failed != nil:
		return report.failed
	case done.Refused > 0:
		return errWorse
	}
	return nil
}

// operator is the account of the system that runs a command.
func operator() string {
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return fmt.Sprint(os.Getuid())
}

// refusals tells what was not taken. Names are those of the operator's own files;
// they go to the operator alone.
type refusals struct {
	t      *tui
	file   *os.File
	told   int
	failed error
}

// maxTold bounds the refusals that are told on stderr; the rest is counted.
const maxTold = 20

func (r *refusals) refused(name string, err error) { r.tell("refused", name, reason(err)) }

func (r *refusals) warned(name string, warnings []string) {
	r.tell("kept, but", name, strings.Join(warnings, "; "))
}

func (r *refusals) tell(what, name, why string) {
	if r.file != nil {
		if _, err := fmt.Fprintf(r.file, "%s\t%q\t%s\n", what, name, why); err != nil && r.failed == nil {
			r.failed = err
		}
		return
	}
	switch r.told++; {
	case r.told <= maxTold:
		r.t.note("%s %q: %s", what, name, why)
	case r.told == maxTold+1:
		r.t.note("and more: --report FILE lists all")
	}
}

// reason is an error without the package that it is of.
func reason(err error) string {
	text := err.Error()
	if e, ok := errors.AsType[*leadglass.Error](err); ok && e.Err != nil {
		text = e.Err.Error()
	}
	return strings.TrimPrefix(strings.TrimPrefix(text, "archive: "), "importing: ")
}

func size(n int64) string {
	switch {
	case n >= 1<<30:
		return fmt.Sprintf("%.1f GiB", float64(n)/(1<<30))
	case n >= 1<<20:
		return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20))
	}
	return fmt.Sprintf("%d KiB", (n+1023)>>10)
}

// importBar shows how far an import is, where there is a terminal.
type importBar struct {
	t     *tui
	group *mpb.Progress
	line  *mpb.Bar
	total int64
}

func (t *tui) importing(paths []string, quiet bool) *importBar {
	b := &importBar{t: t}
	if !t.live || quiet {
		return b
	}
	b.total = countFiles(paths)
	b.group = mpb.New(mpb.WithOutput(t.err), mpb.WithWidth(32), mpb.WithAutoRefresh())
	b.line = b.group.New(0, mpb.BarStyle(), mpb.AppendDecorators(
		decor.CountersNoUnit(" %d of %d files"), decor.AverageSpeed(0, ", %.0f/s, "), decor.AverageETA(decor.ET_STYLE_GO), decor.Name(" left")))
	b.line.SetTotal(b.total, false) // it ends by end and not by its count
	t.mu.Lock()
	t.above = b.group
	t.mu.Unlock()
	return b
}

// set shows what was done. What is in zip files was not counted before.
func (b *importBar) set(done serve.Imported) {
	if b.line == nil {
		return
	}
	if n := int64(done.Files); n > b.total {
		b.total = n
		b.line.SetTotal(n, false)
	}
	b.line.SetCurrent(int64(done.Files))
}

// end leaves the bar as it is.
func (b *importBar) end() {
	if b.line == nil {
		return
	}
	b.line.Abort(false)
	b.group.Wait()
	b.t.mu.Lock()
	b.t.above = nil
	b.t.mu.Unlock()
}

// countFiles counts what is to be looked at; what cannot be read is not counted.
func countFiles(paths []string) (n int64) {
	for _, p := range paths {
		_ = filepath.WalkDir(p, func(_ string, e fs.DirEntry, err error) error {
			if err == nil && e.Type().IsRegular() {
				n++
			}
			return nil
		})
	}
	return n
}
