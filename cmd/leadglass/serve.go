package main

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"runtime/debug"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/leadglass/leadglass/internal/serve"
)

func serveCommand(t *tui) *cobra.Command {
	c := &archiveConfig{}
	var verbose bool
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Run an archive that records each release before it happens",
		Long: "Runs an archive for DICOM over TLS (port 2762) and DICOMweb over HTTPS (port 8443).\n\n" +
			"Without a configuration it listens on loopback, makes its data folder, its own certificates and an\n" +
			"empty log, and lets nobody in until devices are enrolled and users added. It stops on Ctrl-C or\n" +
			"SIGTERM, and reads its policies again on SIGHUP.",
		Example: "  leadglass serve\n  leadglass serve --config /etc/leadglass/leadglass.toml",
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			sc, err := c.load()
			if err != nil {
				return err
			}
			least := slog.LevelInfo
			if verbose {
				least = slog.LevelDebug
			}
			sc.Diagnostics = t.diagnostics(least)
			return runArchive(cmd.Context(), t, c, sc)
		},
	}
	c.flags(cmd)
	cmd.Flags().BoolVarP(&verbose, "verbose", "v", false, "write each refused connection to stderr")
	return cmd
}

// collectAt is how much memory may grow, in percent of what is in use, before it
// is looked through. What an archive keeps is small, some 10 MB, and what passes
// through it is much: with Go's 100 a quarter of the processor went into looking.
const collectAt = 400

// runArchive serves until it is told to stop.
func runArchive(ctx context.Context, t *tui, c *archiveConfig, sc serve.Config) error {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	defer signal.Stop(hangup)
	sc.Reload = hangup
	debug.SetGCPercent(collectAt)
	s, err := serve.Open(ctx, sc)
	if err != nil {
		return err
	}
	if err := t.welcome(c, sc, s); err != nil {
		s.Close()
		return err
	}
	err = s.Serve(ctx)
	if closed := s.Close(); err == nil {
		err = closed
	}
	if err == nil {
		t.note("leadglass: stopped")
	}
	return err
}

// welcome prints where the archive listens and what to do next.
func (t *tui) welcome(c *archiveConfig, sc serve.Config, s *serve.Server) error {
	var b strings.Builder
	for _, l := range s.Listening() {
		address := l.Address
		if l.Face == serve.HTTPS {
			address = "https://" + address + "/dicom-web"
		}
		if l.Face == serve.PlainHTTP {
			address = "http://" + address + "/dicom-web"
		}
		fmt.Fprintf(&b, "%-25s %s\n", l.Face, address)
	}
	data, _ := filepath.Abs(sc.Data)
	fmt.Fprintf(&b, "%-25s %s\n%-25s %s\n%-25s %s\n", "AE title", s.Title(), "data", data, "policies", s.Policy())
	n, err := s.Known()
	if err != nil {
		return err
	}
	if n == 0 {
		b.WriteString(firstSteps(c, s.Listening()))
	}
	b.WriteString("ready\n")
	return t.print("%s", b.String())
}

// firstSteps says how somebody gets in.
func firstSteps(c *archiveConfig, listening []serve.Listening) string {
	where := ""
	if c.Config != "" {
		where += " --config " + c.Config
	}
	if c.Data != "" {
		where += " --data " + c.Data
	}
	dimse, web := "2762", "8443"
	for _, l := range listening {
		_, port, _ := net.SplitHostPort(l.Address)
		switch l.Face {
		case serve.DIMSEOverTLS:
			dimse = port
		case serve.HTTPS:
			web = port
		}
	}
	return strings.NewReplacer("WHERE", where, "DIMSE", dimse, "WEB", web).Replace(`
Nobody can get in yet. In another terminal:

  let a scanner send        leadglass device enrol ct-1 --ae CT1 --role modality --out ct-1WHERE
                            storescu +tls ct-1/key.pem ct-1/cert.pem +cf ct-1/ca.pem -aet CT1 -aec LEADGLASS 127.0.0.1 DIMSE FILE
  let a radiologist read    leadglass user add ann --role radiologistWHERE
                            leadglass caWHERE >ca.pem
                            curl --cacert ca.pem -u ann -H 'Purpose-Of-Use: TREAT' https://127.0.0.1:WEB/dicom-web/studies
  bring in what there is    stop this, then: leadglass importWHERE FOLDER
  see what is exposed       leadglass doctorWHERE

`)
}
