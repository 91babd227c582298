// Command fleetsim serves a simulated internet of image archives on loopback,
// for trying out leadglass survey on, and writes down what is to be found.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/leadglass/leadglass/internal/fleet"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := command().ExecuteContext(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "fleetsim:", strings.TrimPrefix(err.Error(), "fleet: "))
		os.Exit(1)
	}
}

// options are the flags.
type options struct {
	preset                  string
	listen                  string
	truth, networks, scope  string
	systems, studies, image int64
	seed                    uint64
	highPorts               bool
	estimates               int
	planOnly                bool
}

func command() *cobra.Command {
	var o options
	c := &cobra.Command{
		Use:           "fleetsim",
		Short:         "Serve a simulated internet of image archives on loopback",
		Args:          cobra.NoArgs,
		SilenceUsage:  true,
		SilenceErrors: true,
		RunE:          func(c *cobra.Command, _ []string) error { return run(c, &o) },
	}
	f := c.Flags()
	f.StringVar(&o.preset, "preset", string(fleet.Small), "numbers and shares: "+presets())
	f.StringVar(&o.truth, "truth", "", "write what is to be found to this `file`")
	f.StringVar(&o.networks, "networks", "", "write the table CIDR,country,site to this `file`")
	f.StringVar(&o.scope, "scope", "", "write a scope that covers the fleet to this `file`")
	f.Int64Var(&o.systems, "systems", 0, "DICOM systems in all, 0 as the preset")
	f.Int64Var(&o.studies, "studies", 0, "studies in all, 0 as the preset")
	f.Int64Var(&o.image, "images", 0, "images in all, 0 as the preset")
	f.Uint64Var(&o.seed, "seed", 1, "the same seed gives the same fleet")
	f.StringVar(&o.listen, "listen-prefix", "127.16.0.0/12", "addresses of the fleet, a part of 127.0.0.0/8")
	f.BoolVar(&o.highPorts, "high-ports", false, "leave out the ports that only root may listen on")
	f.IntVar(&o.estimates, "estimates", 0, "so many systems are too laborious to be counted exactly")
	f.BoolVar(&o.planOnly, "plan-only", false, "write the files and do not listen")
	return c
}

func presets() string {
	var names []string
	for _, p := range fleet.Presets() {
		names = append(names, string(p))
	}
	return strings.Join(names, ", ")
}

func run(c *cobra.Command, o *options) error {
	prefix, err := netip.ParsePrefix(o.listen)
	if err != nil {
		return fmt.Errorf("--listen-prefix %q is no prefix as 127.16.0.0/12", o.listen)
	}
	plan, err := fleet.NewPlan(fleet.Config{
		Preset: fleet.Preset(o.preset), Systems: o.systems, Studies: o.studies, Images: o.image,
		Seed: o.seed, Listen: prefix, HighPorts: o.highPorts, Estimates: o.estimates,
	})
	if err != nil {
		return err
	}
	if err := write(plan, o); err != nil || o.planOnly {
		return err
	}
	f, err := fleet.Start(c.Context(), plan)
	if errors.Is(err, context.Canceled) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	fmt.Fprintln(c.OutOrStdout(), "ready")
	<-c.Context().Done()
	return nil
}

// write writes the files that were asked for.
func write(p *fleet.Plan, o *options) error {
	if o.truth != "" {
		text, err := json.MarshalIndent(p.Truth(), "", "  ")
		if err != nil {
			return fmt.Errorf("encoding the truth: %w", err)
		}
		if err := os.WriteFile(o.truth, append(text, '\n'), 0o644); err != nil {
			return err
		}
	}
	if o.networks != "" {
		if err := os.WriteFile(o.networks, p.Networks(), 0o644); err != nil {
			return err
		}
	}
	if o.scope != "" {
		return os.WriteFile(o.scope, p.Scope(), 0o644)
	}
	return nil
}
