package main

import (
	"errors"

	"github.com/spf13/cobra"

	"github.com/leadglass/leadglass/internal/report"
)

func letterCommand(t *tui) *cobra.Command {
	return &cobra.Command{
		Use:   "letter FOLDER",
		Short: "Write a disclosure letter to each network owner",
		Long: "Writes one letter for each network owner of a survey into FOLDER/letters, as text and for\n" +
			"printing. Owners come from --networks and --mmdb of the survey.",
		Args: exactArgs(1, "the folder of a survey"),
		RunE: func(_ *cobra.Command, args []string) error {
			s, err := loadSurvey(args[0])
			if err != nil {
				return err
			}
			if s.Discovery {
				return &hintError{errors.New("a discovery did not ask what the archives disclose: a letter would have nothing to say"), "survey them without --discover first", exitTrouble}
			}
			names, err := report.Letters(args[0], s)
			if err != nil {
				return err
			}
			for _, name := range names {
				if err := t.print("%s\n", name); err != nil {
					return err
				}
			}
			if len(names) == 0 {
				t.note("nothing in this survey calls for a letter")
			}
			return nil
		},
	}
}

// loadSurvey reads the survey of a folder, with a hint where there is none.
func loadSurvey(name string) (*report.Survey, error) {
	s, err := report.Load(name)
	if err == nil {
		return s, nil
	}
	return nil, hinted(err, "name a folder that leadglass survey --out has written")
}

func exactArgs(n int, what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) != n {
			return usage(cmd, "wants %s", what)
		}
		return nil
	}
}
