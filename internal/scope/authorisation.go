package scope

import (
	"fmt"
	"strings"
	"time"
	"unicode"

	"github.com/pelletier/go-toml/v2"
)

// Authorisation says who permitted the survey. All fields are required.
// ValidTo is the first moment that is no longer permitted.
type Authorisation struct {
	Organisation, Contact, Reference string
	ValidFrom, ValidTo               time.Time
}

const authorisationRemedy = "write [authorisation] with organisation, contact, reference, valid_from and valid_to, as the owner of the networks permitted it"

// authorisation checks that the survey is permitted now.
func (f *file) authorisation(now time.Time) (Authorisation, error) {
	var a Authorisation
	if f.Authorisation == nil {
		return a, f.fail(BadAuthorisation, 0, "there is no [authorisation]", authorisationRemedy)
	}
	for _, text := range []struct {
		key, value string
		into       *string
	}{
		{"organisation", f.Authorisation.Organisation, &a.Organisation},
		{"contact", f.Authorisation.Contact, &a.Contact},
		{"reference", f.Authorisation.Reference, &a.Reference},
	} {
		if *text.into = strings.TrimSpace(text.value); *text.into == "" {
			return a, f.fail(BadAuthorisation, f.lineOf(text.key), "the authorisation names no "+text.key, authorisationRemedy)
		}
		if what := unprintable(*text.into); what != "" {
			return a, f.fail(BadAuthorisation, f.lineOf(text.key), text.key+" "+what, "write one line of plain text")
		}
	}
	var err error
	if a.ValidFrom, err = f.moment("valid_from", f.Authorisation.ValidFrom, now.Location(), 0); err != nil {
		return a, err
	}
	if a.ValidTo, err = f.moment("valid_to", f.Authorisation.ValidTo, now.Location(), 1); err != nil {
		return a, err
	}
	return a, f.current(a, now)
}

func (f *file) current(a Authorisation, now time.Time) error {
	switch {
	case !a.ValidFrom.Before(a.ValidTo):
		return f.fail(BadAuthorisation, f.lineOf("valid_to"), "the authorisation ends before it begins", "valid_to is later than valid_from")
	case now.Before(a.ValidFrom):
		return f.fail(BadAuthorisation, f.lineOf("valid_from"), "the authorisation is not valid before "+a.ValidFrom.Format(time.RFC3339),
			"wait until then; nothing was sent")
	case !now.Before(a.ValidTo):
		return f.fail(BadAuthorisation, f.lineOf("valid_to"), "the authorisation expired at "+a.ValidTo.Format(time.RFC3339),
			"ask the owner of the networks for a new one, then write its reference and dates; nothing was sent")
	}
	return nil
}

// unprintable says why a text cannot be shown to a target in a header.
func unprintable(s string) string {
	if len(s) > maxText {
		return fmt.Sprintf("is longer than %d bytes", maxText)
	}
	if strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return "has characters that cannot be printed"
	}
	return ""
}

// moment reads a date or date-time. A date without a time is its midnight in
// the local zone, plus the days given: to the end of valid_to.
func (f *file) moment(key string, v any, zone *time.Location, days int) (time.Time, error) {
	bad := func(what string) (time.Time, error) {
		return time.Time{}, f.fail(BadAuthorisation, f.lineOf(key), what, "write a date or a date-time, as "+key+" = 2026-12-31")
	}
	switch v := v.(type) {
	case nil:
		return bad("the authorisation has no " + key)
	case time.Time:
		return v, nil
	case toml.LocalDateTime:
		return v.AsTime(zone), nil
	case toml.LocalDate:
		return v.AsTime(zone).AddDate(0, 0, days), nil
	case string:
		if t, err := time.ParseInLocation(time.DateOnly, v, zone); err == nil {
			return t.AddDate(0, 0, days), nil
		}
		if t, err := time.Parse(time.RFC3339, v); err == nil {
			return t, nil
		}
		return bad(fmt.Sprintf("%s %q is no date", key, v))
	default:
		return bad(fmt.Sprintf("%s is no date", key))
	}
}
