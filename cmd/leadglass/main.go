// Command leadglass finds image archives that show patient data to anyone, in
// networks that it is authorised to probe, and keeps none of the data.
//
// It exits with 0 when all went well, 1 when a diff found that something got
// worse, 2 when it was told something that it cannot do, was not authorised, or
// could not go on, and 130 when it was interrupted.
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
		Short: "Find image archives that show patient data to anyone",
		Long: "Leadglass is the window of an X-ray room: you see the patient, and the radiation stays in.\n\n" +
			"leadglass survey asks the hosts that a scope file names, with the authorisation that it states, what\n" +
			"they disclose. It counts, reports, and keeps no patient data.\n\n" + exitStatuses,
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
	root.AddCommand(surveyCommand(t), serveCommand(t), deviceCommand(t), userCommand(t), caCommand(t), demoCommand(t), versionCommand(t))
	return root
}

// exitStatuses is for --help; the numbers are those of tui.go.
const exitStatuses = `Exit status:
    0  all went well
    1  a diff found that something got worse
    2  no valid authorisation, wrong use, or it could not go on
  130  interrupted; there is a report of what was asked until then`

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
