package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime/debug"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/leadglass/leadglass/internal/report"
	"github.com/leadglass/leadglass/internal/scope"
	"github.com/leadglass/leadglass/internal/survey"
)

// memoryLimit makes the collector work harder long before a survey grows to the
// 512 MiB that it may take.
const memoryLimit = 384 << 20

func surveyCommand(t *tui) *cobra.Command {
	c := &surveyConfig{}
	cmd := &cobra.Command{
		Use:   "survey --scope FILE --out FOLDER",
		Short: "Ask the hosts of a scope what they disclose",
		Long: "Asks every host of a scope what it discloses, counts it, and keeps no patient data.\n\n" +
			"The scope file says who permitted the survey, from when to when, whom it may ask and whom not.\n" +
			"Without a valid authorisation nothing is sent. The folder gets survey.json, systems.csv and\n" +
			"report.html. Ctrl-C stops, writes what there is, and says that it is partial; a second one stops at\n" +
			"once. --resume goes on after Ctrl-C, a crash or kill -9, and asks no host twice.\n\n" + exitStatuses,
		Example: "  leadglass survey --scope scope.toml --dry-run\n" +
			"  leadglass survey --scope scope.toml --out 2026-11 --networks networks.csv\n" +
			"  leadglass survey --scope scope.toml --out 2026-11 --resume\n" +
			"  leadglass survey diff 2026-10 2026-11\n" +
			"  leadglass survey letter 2026-11",
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			debug.SetMemoryLimit(memoryLimit)
			return c.run(cmd.Context(), t)
		},
	}
	c.flags(cmd)
	cmd.AddCommand(letterCommand(t), diffCommand(t))
	return cmd
}

// run surveys. Everything that can be wrong on this side is looked at before
// the first packet.
func (c *surveyConfig) run(ctx context.Context, t *tui) error {
	sc, err := scope.Load(c.Scope, time.Now())
	if err != nil {
		return err
	}
	if c.DryRun {
		return dryRun(t, sc, c.Discover)
	}
	if err := c.inTime(sc, time.Now()); err != nil {
		return err
	}
	if c.Out == "" {
		return &hintError{errors.New("no folder is named for the results"), "name one that is new or empty: --out survey-1", exitTrouble}
	}
	places, err := c.places()
	if err != nil {
		return err
	}
	defer places.Close() // it was only read
	advisories, err := c.advisories()
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // the second signal ends the program at once
	diagnostics := t.diagnostics(c.level())
	cfg := survey.Config{
		Scope: sc, Dir: c.Out, Resume: c.Resume, Discovery: c.Discover, Tool: "leadglass " + version(), Diagnostics: diagnostics,
		Limits: survey.Limits{Answer: max(0, c.Timeout)},
		Examiner: &survey.Examiner{
			Discover: c.Discover, Contact: sc.Authorisation.Contact, Advisories: advisories, Places: places, Now: time.Now, Diagnostics: diagnostics,
		},
	}
	if !c.Quiet {
		cfg.Progress = t.progress
	}
	s, err := survey.Run(ctx, cfg)
	t.endProgress()
	return c.conclude(ctx, t, s, err)
}

// inTime refuses a survey that could not end before its authorisation does,
// which at the usual rate is one of 0.0.0.0/0. A survey that goes on has less
// left to do than its scope says.
func (c *surveyConfig) inTime(sc *scope.Scope, now time.Time) error {
	hosts, _, _ := sc.Preview()
	least := leastTime(hosts.Connections(), sc.Limits.WithDefaults().TotalRate)
	left := sc.Authorisation.ValidTo.Sub(now)
	if c.Resume || least <= left {
		return nil
	}
	return &hintError{
		fmt.Errorf("asking %s hosts takes %s at the least, and the authorisation ends in %s; nothing was sent", group(hosts.Count()), short(least), short(left)),
		"include less, ask fewer ports, or raise total_rate as far as the networks stand it", exitTrouble,
	}
}

// conclude writes what there is.
func (c *surveyConfig) conclude(ctx context.Context, t *tui, s *report.Survey, err error) error {
	if s != nil {
		if werr := report.Write(c.Out, s); werr != nil {
			return errors.Join(werr, err)
		}
		if !c.Quiet {
			if terr := c.show(t, s); terr != nil {
				return errors.Join(terr, err)
			}
		}
	}
	switch {
	case s == nil && ctx.Err() != nil:
		return &hintError{errors.New("interrupted before any host was asked"), "", exitInterrupted}
	case err != nil:
		return err
	case s.Partial:
		return &hintError{
			fmt.Errorf("interrupted: the report is partial, %s of %s hosts", group(uint64(s.HostsAsked)), group(uint64(s.Hosts))),
			"the same command with --resume goes on", exitInterrupted,
		}
	}
	return nil
}

func (c *surveyConfig) show(t *tui, s *report.Survey) error {
	if err := report.Table(t.out, s, t.columns, t.colour); err != nil {
		return err
	}
	return t.print("Report: %s\n", filepath.Join(c.Out, report.ReportFile))
}
