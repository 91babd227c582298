package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/leadglass/leadglass/internal/fleet"
)

// demoTimeout is ample on loopback, where some servers of the fleet never answer.
const demoTimeout = 2 * time.Second

func demoCommand(t *tui) *cobra.Command {
	var out string
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Survey a simulated internet on this machine",
		Long: "Serves some 150 simulated archives on loopback, surveys them as leadglass survey does, and\n" +
			"leaves the scope, the table of networks and the report in a new folder.",
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return demo(cmd.Context(), t, out) },
	}
	cmd.Flags().StringVar(&out, "out", "", "new `folder` for scope and report; a temporary one where it is left out")
	return cmd
}

func demo(ctx context.Context, t *tui, out string) error {
	dir, err := demoFolder(out)
	if err != nil {
		return err
	}
	plan, fl, err := startFleet(ctx)
	if err != nil {
		return err
	}
	defer fl.Close()
	c := &surveyConfig{
		Scope: filepath.Join(dir, "scope.toml"), Out: filepath.Join(dir, "survey"),
		Networks: []string{filepath.Join(dir, "networks.csv")}, Timeout: demoTimeout,
	}
	for name, text := range map[string][]byte{c.Scope: plan.Scope(), c.Networks[0]: plan.Networks()} {
		if err := os.WriteFile(name, text, 0o600); err != nil {
			return err
		}
	}
	t.note("A simulated internet answers on loopback. What follows is:\n  leadglass survey --scope %s --out %s --networks %s --timeout %s\n", c.Scope, c.Out, c.Networks[0], c.Timeout)
	return c.run(ctx, t)
}

// startFleet serves the small fleet in the first part of loopback where nobody
// serves another one.
func startFleet(ctx context.Context) (*fleet.Plan, *fleet.Fleet, error) {
	var err error
	high := !mayListenLow()
	for _, part := range []string{"127.48.0.0/12", "127.64.0.0/12", "127.80.0.0/12"} {
		var plan *fleet.Plan
		plan, err = fleet.NewPlan(fleet.Config{Preset: fleet.Small, HighPorts: high, Listen: netip.MustParsePrefix(part)})
		if err != nil {
			return nil, nil, err
		}
		var fl *fleet.Fleet
		if fl, err = fleet.Start(ctx, plan); err == nil {
			return plan, fl, nil
		}
		if !errors.Is(err, syscall.EADDRINUSE) {
			break
		}
	}
	return nil, nil, &hintError{err, "the demo needs addresses of 127.0.0.0/8 to itself: end what listens there", exitTrouble}
}

// demoFolder makes the folder, which must not hold anything yet.
func demoFolder(name string) (string, error) {
	if name == "" {
		return os.MkdirTemp("", "leadglass-demo-")
	}
	if err := os.MkdirAll(name, 0o700); err != nil {
		return "", err
	}
	entries, err := os.ReadDir(name)
	if err == nil && len(entries) > 0 {
		err = &hintError{fmt.Errorf("the folder %q is not empty", name), "name a new one, or none for a temporary one", exitTrouble}
	}
	return name, err
}

// mayListenLow says whether this user may listen on ports below 1024.
func mayListenLow() bool {
	l, err := net.Listen("tcp", "127.15.255.254:104")
	if err != nil {
		return !errors.Is(err, syscall.EACCES)
	}
	l.Close() // nobody has connected
	return true
}
