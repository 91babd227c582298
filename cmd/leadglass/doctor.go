package main

import (
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/leadglass/leadglass/internal/serve"
)

func doctorCommand(t *tui) *cobra.Command {
	c := &archiveConfig{}
	cmd := &cobra.Command{
		Use: "doctor", Short: "Say whether an archive is well, and what is open to whom",
		Long: "Looks at an archive, running or not: whether it serves, where it listens, which peers are let in\n" +
			"without showing who they are, what will expire, how much room there is.\n\n" +
			"It exits with 1 where something should be changed; such lines begin with !.",
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			sc, err := c.existing()
			if err != nil {
				return err
			}
			return t.findings(serve.Doctor(cmd.Context(), sc))
		},
	}
	c.flags(cmd)
	return cmd
}

func (t *tui) findings(all []serve.Finding) error {
	w := tabwriter.NewWriter(t.out, 0, 0, 2, ' ', 0)
	bad := false
	for _, f := range all {
		mark := " "
		if f.Bad {
			mark, bad = "!", true
		}
		fmt.Fprintf(w, "%s %s\t%s\n", mark, f.About, f.Text)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if bad {
		return errWorse
	}
	return nil
}
