package main

import (
	"errors"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/leadglass/leadglass/internal/serve"
)

func fsckCommand(t *tui) *cobra.Command {
	c := &archiveConfig{}
	var repair bool
	cmd := &cobra.Command{
		Use: "fsck", Short: "Read all objects and compare the index with them",
		Long: "Reads every object of an archive that is not running, checks its digest, and compares the index with\n" +
			"what is there. --repair makes the index anew where it differs. Damaged objects are named, and stay\n" +
			"as they are: get them again from where they came.\n\n" +
			"It exits with 1 where anything is wrong that was not repaired. The log has its own: leadglass review verify.",
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			sc, err := c.existing()
			if err != nil {
				return err
			}
			ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
			defer stop()
			found, err := serve.Fsck(ctx, sc, repair)
			if err != nil {
				return hinted(err, "leadglass fsck --repair puts an index that cannot be opened aside, and makes it anew")
			}
			return t.checked(found)
		},
	}
	c.flags(cmd)
	cmd.Flags().BoolVar(&repair, "repair", false, "make the index anew where it differs, erase what should be erased")
	return cmd
}

func (t *tui) checked(c *serve.Checked) error {
	for _, d := range c.Damages {
		t.note("damaged: %s", d)
	}
	if c.More > 0 {
		t.note("and %d more", c.More)
	}
	if err := t.print("%d objects (%s) are whole, %d are damaged; the index differs in %d; %d removed are not erased; %d files belong to nothing\n",
		c.Objects, size(c.Bytes), len(c.Damages)+c.More, c.Index, c.Unerased, c.Orphans); err != nil {
		return err
	}
	switch {
	case c.Good():
		return nil
	case c.Repaired:
		return t.print("repaired\n")
	case c.Index+c.Unerased+c.Orphans > 0:
		return &hintError{errors.New("the archive is not as it should be"), "leadglass fsck --repair repairs the index and erases", exitWorse}
	}
	return &hintError{errors.New("objects are damaged"), "get them again from where they came, or from a copy", exitWorse}
}
