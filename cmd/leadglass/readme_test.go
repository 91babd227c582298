package main_test

import (
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// TestREADME_Commands: each command line that the README and the pages of docs
// show is one, down to the names of its flags.
func TestREADME_Commands(t *testing.T) {
	shown := regexp.MustCompile(`(?m)^(?:go run \./cmd/)?leadglass( [^#|>\n]*)`)
	seen := map[string]bool{}
	for _, page := range []string{"../../README.md", "../../docs/serve.md", "../../docs/identity.md"} {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, block := range regexp.MustCompile("(?s)```[a-z]*\n.*?```").FindAllString(string(text), -1) {
			for _, m := range shown.FindAllStringSubmatch(block, -1) {
				args := strings.Fields(m[1])
				if seen[m[1]] || len(args) == 0 {
					continue
				}
				seen[m[1]] = true
				out, err := exec.Command("leadglass", append(args, "--help")...).CombinedOutput()
				if err != nil || !strings.Contains(string(out), "Usage:\n  leadglass "+args[0]) {
					t.Errorf("%s shows leadglass%s, which is none: %v\n%.300s", page, m[1], err, out)
				}
			}
		}
	}
	for _, want := range []string{"demo", "survey --scope", "survey diff", "survey letter", "serve"} {
		if !strings.Contains(strings.Join(keys(seen), "\n"), " "+want) {
			t.Errorf("the README does not show leadglass %s", want)
		}
	}
}

func keys(m map[string]bool) (all []string) {
	for k := range m {
		all = append(all, k)
	}
	return all
}
