package policy_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/leadglass/leadglass/internal/policy"
)

// TestCheck_Hostile: files of the greatest size and the oddest form are refused or
// accepted in seconds, on a machine that is not busy. The time of some grows with the
// square of the size: it is a quarter except for `make test`.
func TestCheck_Hostile(t *testing.T) {
	size := 16<<10 - 200
	if os.Getenv("LONG") != "" || os.Getenv("INTEROP") == "1" {
		size = 64<<10 - 200
	}
	when := func(s string) string {
		return `@id("a") @because("x") permit (principal, action, resource) when { ` + s + " };"
	}
	many := func(s string) string { return strings.Repeat(s, size/len(s)) }
	for name, rules := range map[string]string{
		"and":        when(many("true && ") + "true"),
		"or":         when(many("context.tls || ") + "true"),
		"if":         when(many("if context.tls then true else ") + "true"),
		"if_then":    when(many("if true then ") + "true" + many(" else true")[:100]),
		"access":     when("context" + many(".destination")),
		"has":        when(many("context has destination && ") + "true"),
		"not":        when(many("!") + "true"),
		"minus":      when(many("-") + "1 == 1"),
		"plus":       when(many("1 + ") + "1 == 1"),
		"set":        when("[" + many("1,") + "1].contains(1)"),
		"string":     when(`principal.id == "` + many("a") + `"`),
		"like":       when(`principal.id like "` + many("*a") + `"`),
		"actions":    `@id("a") @because("x") permit (principal, action in [` + many(`Action::"get", `) + `Action::"get"], resource);`,
		"obligation": `@id("a") @because("x") @obligation("` + many("notify,") + `notify") permit (principal, action, resource);`,
		"comment":    many("//x\n"),
		"brackets":   many("("),
		"unknown":    when(many("context.q || ") + "true"),
		"rules":      many(`@id("a") @because("x") permit (principal, action, resource) when { resource is Archive || resource.labels.contains("a") };`),
	} {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			problems := policy.Check(folder(rules))
			d := time.Since(start)
			t.Logf("%v, %d problems", d, len(problems))
			if d > time.Minute {
				t.Errorf("it took %v", d)
			}
		})
	}
}
