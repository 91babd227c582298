package main

import (
	"errors"

	"github.com/spf13/cobra"

	"github.com/leadglass/leadglass/internal/report"
)

func diffCommand(t *tui) *cobra.Command {
	var asJSON, quiet bool
	cmd := &cobra.Command{
		Use:   "diff OLD NEW",
		Short: "Show what changed between two surveys",
		Long: "Shows which systems are new, gone, better and worse, and the figures before and after.\n" +
			"It exits with 1 where anything got worse, so that cron and CI can tell, and with 2 on errors.",
		Args: exactArgs(2, "the folders of two surveys, the older first"),
		RunE: func(_ *cobra.Command, args []string) error {
			before, err := loadSurvey(args[0])
			if err != nil {
				return err
			}
			after, err := loadSurvey(args[1])
			if err != nil {
				return err
			}
			if before.Discovery != after.Discovery {
				return &hintError{errors.New("one of the two is a discovery, which asked less: what it lacks is not gone"), "compare two discoveries, or two full surveys", exitTrouble}
			}
			changes := report.Diff(before, after)
			switch {
			case quiet:
			case asJSON:
				err = changes.JSON(t.out)
			default:
				err = changes.Text(t.out, t.columns, t.colour)
			}
			if err == nil && changes.AnyWorse() {
				return errWorse
			}
			return err
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the changes for a program")
	cmd.Flags().BoolVarP(&quiet, "quiet", "q", false, "print nothing, only exit")
	return cmd
}
