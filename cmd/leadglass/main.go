// Command leadglass finds image archives that show patient data to anyone, replaces
// them with one that is secure by default, and proves what that one did.
//
// It exits with 0 when all went well, 1 when it went and found something wrong, 2
// when it was told something that it cannot do, was not authorised, or could not go
// on, and 130 when it was interrupted.
package main

import (
	"context"
	"os"
	"runtime/debug"

	"github.com/spf13/cobra"
)

func main() {
	t := newTUI(os.Stdout, os.Stderr)
	t.exit(execute(context.Background(), t, os.Args[1:]))
}

func execute(ctx context.Context, t *tui, args []string) error {
	root := rootCommand(t)
	root.SetArgs(args)
	root.SetOut(t.out)
	root.SetErr(t.err)
	return root.ExecuteContext(ctx)
}

func rootCommand(t *tui) *cobra.Command {
	root := &cobra.Command{
		Use:   "leadglass",
		Short: "Find archives that leak, serve one that does not, prove what it did",
		Long: "Leadglass is the window of an X-ray room: you see the patient, and the radiation stays in.\n\n" +
			"leadglass survey asks the hosts that a scope file names, with the authorisation that it states, what\n" +
			"they disclose. It counts, reports, and keeps no patient data.\n\n" +
			"leadglass serve is an archive that lets nobody in who has not shown who they are and why they ask,\n" +
			"and that records each release before it happens.\n\n" +
			"leadglass review proves that its log was not altered.\n\n" + exitStatuses,
		Version:       version(),
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usage(cmd, "there is no command %q", args[0])
			}
			cmd.SetOut(t.err)
			if err := cmd.Help(); err != nil {
				return err
			}
			return errSaid
		},
	}
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error { return usage(cmd, "%v", err) })
	root.AddGroup(&cobra.Group{ID: "find", Title: "Find:"}, &cobra.Group{ID: "serve", Title: "Serve:"}, &cobra.Group{ID: "review", Title: "Review:"})
	add := func(group string, all ...*cobra.Command) {
		for _, c := range all {
			c.GroupID = group
			root.AddCommand(c)
		}
	}
	add("find", surveyCommand(t), demoCommand(t))
	add("serve", serveCommand(t), deviceCommand(t), userCommand(t), policyCommand(t), caCommand(t), importCommand(t), fsckCommand(t), doctorCommand(t))
	add("review", reviewCommand(t))
	root.AddCommand(versionCommand(t))
	return root
}

// exitStatuses is for --help; the numbers are those of tui.go.
const exitStatuses = `Exit status:
    0  all went well
    1  it went, and found something wrong, or worse than before
    2  no valid authorisation, wrong use, or it could not go on
  130  interrupted; what was done until then is kept`

func versionCommand(t *tui) *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Print the version", Args: noArgs,
		RunE: func(*cobra.Command, []string) error { return t.print("leadglass %s\n", version()) },
	}
}

// version is that of the module, or the commit that it was built from.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	if v := info.Main.Version; v != "" && v != "(devel)" {
		return v
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			return "devel " + s.Value
		}
	}
	return "devel"
}

func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usage(cmd, "%q is one argument too many", args[0])
	}
	return nil
}
