package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/leadglass/leadglass"
	"github.com/leadglass/leadglass/internal/identity"
)

func userCommand(t *tui) *cobra.Command {
	c := &archiveConfig{}
	cmd := &cobra.Command{
		Use: "user", Short: "Say which people may sign in",
		Long: "Accounts of people. A change counts at the next request, also while leadglass serve runs.\n" +
			"Passwords are asked for on the terminal, or read from the first line of standard input.",
		Args: noArgs, RunE: func(cmd *cobra.Command, _ []string) error { return usage(cmd, "say what to do with users") },
	}
	c.flags(cmd)
	cmd.AddCommand(userAdd(t, c), userList(t, c), userChange(t, c, "disable", "Keep a person out", true), userChange(t, c, "enable", "Let a person in again", false), userPassword(t, c))
	return cmd
}

// withDirectory opens the accounts and devices of the archive for a command.
func (c *archiveConfig) withDirectory(ctx context.Context, do func(*identity.Directory) error) error {
	sc, err := c.existing()
	if err != nil {
		return err
	}
	d, err := sc.OpenDirectory(ctx)
	if err != nil {
		return err
	}
	return do(d)
}

func userAdd(t *tui, c *archiveConfig) *cobra.Command {
	var a identity.Account
	var roles []string
	cmd := &cobra.Command{
		Use: "add NAME --role ROLE", Short: "Make an account",
		Example: "  leadglass user add ann --role radiologist --department radiology",
		Args:    oneArg("the name of the account"),
		RunE: func(cmd *cobra.Command, args []string) error {
			a.Name = args[0]
			a.Roles = typed[leadglass.Role](roles)
			if len(roles) == 0 {
				return usage(cmd, "an account without a role may do nothing: name one with --role")
			}
			return c.withDirectory(cmd.Context(), func(d *identity.Directory) error {
				password, err := t.newPassword(os.Stdin)
				if err != nil {
					return err
				}
				if err := d.AddAccount(cmd.Context(), a, password); err != nil {
					return err
				}
				return t.print("%s may sign in as %s\n", a.Name, strings.Join(roles, ", "))
			})
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.StringArrayVar(&roles, "role", nil, "`role`, such as radiologist, referring-clinician, technologist, clerk, researcher, auditor, administrator (repeatable)")
	f.StringVar(&a.Organisation, "organisation", "", "`name` of the organisation, as InstitutionName has it")
	f.StringVar(&a.Department, "department", "", "`name` of the department")
	f.StringVar(&a.Site, "site", "", "`name` of the site")
	return cmd
}

func userList(t *tui, c *archiveConfig) *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List accounts", Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.withDirectory(cmd.Context(), func(d *identity.Directory) error {
				all, err := d.Accounts()
				if err != nil {
					return err
				}
				w := tabwriter.NewWriter(t.out, 0, 0, 2, ' ', 0)
				fmt.Fprintln(w, "NAME\tROLES\tORGANISATION\tDEPARTMENT\tSTATE")
				for _, a := range all {
					state := "active"
					if a.Disabled {
						state = "disabled"
					}
					fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", a.Name, words(a.Roles), a.Organisation, a.Department, state)
				}
				return w.Flush()
			})
		},
	}
}

// words joins typed words for a table.
func words[T ~string](all []T) string {
	var b []string
	for _, w := range all {
		b = append(b, string(w))
	}
	return strings.Join(b, ",")
}

func userChange(t *tui, c *archiveConfig, verb, short string, disabled bool) *cobra.Command {
	return &cobra.Command{
		Use: verb + " NAME", Short: short, Args: oneArg("the name of the account"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.withDirectory(cmd.Context(), func(d *identity.Directory) error {
				return d.ChangeAccount(cmd.Context(), args[0], func(a *identity.Account) { a.Disabled = disabled })
			})
		},
	}
}

func userPassword(t *tui, c *archiveConfig) *cobra.Command {
	return &cobra.Command{
		Use: "password NAME", Short: "Change a password", Args: oneArg("the name of the account"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.withDirectory(cmd.Context(), func(d *identity.Directory) error {
				password, err := t.newPassword(os.Stdin)
				if err != nil {
					return err
				}
				return d.SetPassword(cmd.Context(), args[0], password)
			})
		},
	}
}

// maxLine bounds a password on standard input, in bytes.
const maxLine = 4096

// newPassword asks for a password twice on a terminal, or reads a line.
func (t *tui) newPassword(in *os.File) (string, error) {
	fd := int(in.Fd())
	if !term.IsTerminal(fd) {
		line, err := bufio.NewReader(io.LimitReader(in, maxLine)).ReadString('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return "", err
		}
		return strings.TrimRight(line, "\r\n"), nil
	}
	var said [2]string
	for i, prompt := range []string{"password: ", "once more: "} {
		fmt.Fprint(t.err, prompt)
		b, err := term.ReadPassword(fd)
		fmt.Fprintln(t.err)
		if err != nil {
			return "", err
		}
		said[i] = string(b)
	}
	if said[0] != said[1] {
		return "", &hintError{errors.New("the passwords differ"), "nothing was changed; try again", exitTrouble}
	}
	return said[0], nil
}

// oneArg wants one argument, which is what.
func oneArg(what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) != 1 {
			return usage(cmd, "%s is needed, and nothing else; there are %d arguments", what, len(args))
		}
		return nil
	}
}
