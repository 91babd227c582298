package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/leadglass/leadglass/internal/policy"
)

func policyCommand(t *tui) *cobra.Command {
	cmd := &cobra.Command{
		Use: "policy", Short: "Look at the rules of who may do what, and why",
		Long: "The rules are files in the Cedar language. Without a folder these commands are about the rules that\n" +
			"are shipped. To change them: copy them, change them, check them, name the folder as policies in the\n" +
			"configuration, and send leadglass serve a SIGHUP.",
		Args: noArgs, RunE: func(cmd *cobra.Command, _ []string) error { return usage(cmd, "say what to do with policies") },
	}
	cmd.AddCommand(policyCheck(t), policyList(t), policyCopy(t))
	return cmd
}

// rulesOf is the folder that is named, or that of the shipped rules.
func rulesOf(args []string) fs.FS {
	if len(args) == 0 {
		return policy.Shipped()
	}
	return os.DirFS(args[0])
}

func atMostOne(cmd *cobra.Command, args []string) error {
	if len(args) > 1 {
		return usage(cmd, "one folder is enough; there are %d arguments", len(args))
	}
	return nil
}

func policyCheck(t *tui) *cobra.Command {
	return &cobra.Command{
		Use: "check [FOLDER]", Short: "Say what is wrong with the rules of a folder", Args: atMostOne,
		Long: "Reads the rules as leadglass serve does, and says all that is wrong with them. It exits with 1 where\n" +
			"anything is: serve would not use them.",
		RunE: func(cmd *cobra.Command, args []string) error {
			set, err := policy.Load(rulesOf(args))
			if problems, ok := errors.AsType[policy.Problems](err); ok {
				for _, p := range problems {
					if err := t.print("%s\n", p); err != nil {
						return err
					}
				}
				return errWorse
			}
			if err != nil {
				return err
			}
			return t.print("%d rules, %s\n", len(set.Rules()), set.Policy())
		},
	}
}

func policyList(t *tui) *cobra.Command {
	return &cobra.Command{
		Use: "list [FOLDER]", Short: "List the rules and why each is there", Args: atMostOne,
		RunE: func(cmd *cobra.Command, args []string) error {
			set, err := policy.Load(rulesOf(args))
			if err != nil {
				return hinted(err, "leadglass policy check says what to do about each")
			}
			w := tabwriter.NewWriter(t.out, 0, 0, 2, ' ', 0)
			for _, id := range set.Rules() {
				because, _ := set.Rule(id)
				fmt.Fprintf(w, "%s\t%s\n", id, because)
			}
			return w.Flush()
		},
	}
}

func policyCopy(t *tui) *cobra.Command {
	return &cobra.Command{
		Use: "copy FOLDER", Short: "Copy the shipped rules into a new folder", Args: oneArg("a new folder"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := os.CopyFS(args[0], policy.Shipped()); err != nil {
				if errors.Is(err, fs.ErrExist) {
					return &hintError{fmt.Errorf("there are rules in %s already", args[0]), "name a new folder: rules are not overwritten", exitTrouble}
				}
				return err
			}
			return t.print("the shipped rules are in %s; leadglass policy check %s\n", filepath.Clean(args[0]), strings.TrimSpace(args[0]))
		},
	}
}
