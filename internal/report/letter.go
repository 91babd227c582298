package report

import (
	"cmp"
	"crypto/sha256"
	_ "embed"
	"encoding/csv"
	"encoding/hex"
	"fmt"
	htmltemplate "html/template"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/template"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/leadglass/leadglass/internal/exposure"
)

//go:embed letter.md
var letterText string

//go:embed letter.html
var letterPage string

//go:embed letter.css
var letterStyle string

// LettersDir is the folder in DIR that the letters go to, LettersIndex the list
// of them there.
const (
	LettersDir   = "letters"
	LettersIndex = "index.csv"
)

// shownInLetter bounds one letter; a provider may have thousands of systems.
const shownInLetter = 300

// letter is what one network owner is told. It says which attributes came back
// and never what was in them.
type letter struct {
	*Survey
	Owner    string // "" where it is not known
	Country  string // that of the systems, where it is one
	When     string
	Letters  string // names this letter
	Subject  string
	All      int64
	Discl    int64
	Studies  int64
	Images   int64
	Urgent   exposure.Severity
	Systems  []systemRow // of high or critical severity
	Others   []systemRow // of medium severity
	More     int64
	Meanings []exposure.Exposure
	Actions  []*action
	Style    htmltemplate.CSS
	Policy   string
}

// Letters writes one disclosure letter for each network owner into
// dir/letters, as text (Markdown) and for printing (HTML), and a list of them.
// It returns the names of the letters' texts. Systems without an exposure of
// medium severity, and honeypot suspects, are not written about.
func Letters(dir string, s *Survey) ([]string, error) {
	dir = filepath.Join(dir, LettersDir)
	if err := os.MkdirAll(dir, dirMode); err != nil {
		return nil, fmt.Errorf("report: making folder: %w", err)
	}
	text, err := template.New("letter").Funcs(template.FuncMap(letterFuncs())).Parse(letterText)
	if err != nil {
		return nil, fmt.Errorf("report: parsing template: %w", err)
	}
	page, err := htmltemplate.New("letter").Funcs(htmltemplate.FuncMap(letterFuncs())).Parse(letterPage)
	if err != nil {
		return nil, fmt.Errorf("report: parsing template: %w", err)
	}
	var names []string
	letters := newLetters(s)
	for _, l := range letters {
		if err := writeFile(dir, l.Letters+".md", func(w io.Writer) error { return text.Execute(w, l) }); err != nil {
			return names, err
		}
		if err := writeFile(dir, l.Letters+".html", func(w io.Writer) error { return page.Execute(w, l) }); err != nil {
			return names, err
		}
		names = append(names, filepath.Join(dir, l.Letters+".md"))
	}
	return names, writeFile(dir, LettersIndex, func(w io.Writer) error { return lettersIndex(w, letters) })
}

func letterFuncs() map[string]any {
	return map[string]any{"group": group, "country": CountryName, "day": day, "plural": plural, "verb": verb, "md": markdown, "code": codeSpan, "join": strings.Join, "next": func(i int) int { return i + 1 }}
}

// lettersIndex lists the letters for whoever sends them.
func lettersIndex(w io.Writer, letters []*letter) error {
	c := csv.NewWriter(w)
	c.UseCRLF = true
	if err := c.Write([]string{"owner", "country", "systems", "disclosing", "studies", "severity", "text", "page"}); err != nil {
		return err
	}
	for _, l := range letters {
		row := []string{l.Owner, l.Country, number(l.All), number(l.Discl), number(l.Studies), string(l.Urgent), l.Letters + ".md", l.Letters + ".html"}
		for i := range row {
			row[i] = plainCell(row[i])
		}
		if err := c.Write(row); err != nil {
			return err
		}
	}
	c.Flush()
	return c.Error()
}

// newLetters groups the systems by owner, most urgent letter first. Where the
// owner is not known there is one letter a country, for whoever looks the
// addresses up.
func newLetters(s *Survey) []*letter {
	c := newCatalogue()
	by := map[[2]string][]ranked{}
	for _, y := range c.worstFirst(s.Systems) {
		if y.Severity.Rank() < exposure.Medium.Rank() {
			continue
		}
		key := [2]string{y.Network, ""}
		if y.Network == "" {
			key[1] = y.Country
		}
		by[key] = append(by[key], y)
	}
	var list []*letter
	for key, systems := range by {
		list = append(list, c.letter(s, key[0], systems))
	}
	slices.SortFunc(list, func(a, b *letter) int {
		return cmp.Or(cmp.Compare(b.Urgent.Rank(), a.Urgent.Rank()), cmp.Compare(b.Studies, a.Studies), strings.Compare(a.Letters, b.Letters))
	})
	return list
}

// letter makes the letter about these systems, worst first.
func (c catalogue) letter(s *Survey, owner string, systems []ranked) *letter {
	l := &letter{
		Survey: s, Owner: owner, Country: systems[0].Country, When: span(s.Started, s.Finished), All: int64(len(systems)),
		Urgent: systems[0].Severity, Style: htmltemplate.CSS(letterStyle), Policy: policy(letterStyle),
	}
	own := &Survey{}
	met := map[string]bool{}
	for i, y := range systems {
		if y.Country != l.Country {
			l.Country = ""
		}
		l.count(y)
		own.Systems = append(own.Systems, *y.System)
		for _, id := range y.Exposures {
			met[id] = true
		}
		switch {
		case i >= shownInLetter:
			l.More++
		case y.Severity.Rank() >= exposure.High.Rank():
			l.Systems = append(l.Systems, c.systemRow(y))
		default:
			l.Others = append(l.Others, c.systemRow(y))
		}
	}
	for id := range met {
		if e := c.of(id); e.Severity.Rank() > exposure.Info.Rank() {
			l.Meanings = append(l.Meanings, e)
		}
	}
	slices.SortFunc(l.Meanings, func(a, b exposure.Exposure) int { return exposure.BySeverity(a.ID, b.ID) })
	l.Actions = c.actions(own)
	for i, a := range l.Actions {
		if i > 0 && a.Closed == 0 {
			a.Settings = nil // a letter that is read beats one that is complete
		}
	}
	key := owner
	if owner == "" {
		key = "\x00" + l.Country
	}
	l.Letters = slug(cmp.Or(owner, "unknown owner "+l.Country), key)
	l.Subject = l.subject()
	return l
}

func (l *letter) count(y ranked) {
	if y.Discloses() {
		l.Discl++
	}
	if y.SameArchiveAs == "" {
		sum(&l.Studies, y.Studies)
		sum(&l.Images, y.Images)
	}
}

func (l *letter) subject() string {
	switch {
	case l.Discl > 0:
		return fmt.Sprintf("%s in your network %s patient data to anyone", plural(l.Discl, "medical image archive"), verb(l.Discl, "discloses", "disclose"))
	case l.Urgent.Rank() >= exposure.High.Rank():
		return fmt.Sprintf("%s in your network %s open to strangers", plural(l.All, "medical image archive"), verb(l.All, "stands", "stand"))
	}
	return fmt.Sprintf("%s in your network can be reached from outside", plural(l.All, "medical image archive"))
}

// slug makes a file name that is safe on any system: letters, digits and
// hyphens, and six digits of the hash of a key that keep two owners apart.
func slug(name, key string) string {
	var b strings.Builder
	for _, r := range norm.NFD.String(strings.ToLower(name)) {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			b.WriteRune(r)
		case unicode.Is(unicode.Mn, r): // an accent, apart from its letter
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
		}
		if b.Len() >= 60 {
			break
		}
	}
	sum := sha256.Sum256([]byte(key))
	return cmp.Or(strings.Trim(b.String(), "-"), "owner") + "-" + hex.EncodeToString(sum[:3])
}

// markdown escapes a text for Markdown (CommonMark 0.31 section 2.4), and keeps
// GitHub's from making links of addresses.
func markdown(s string) string {
	var b strings.Builder
	for _, r := range clean(s, 2*maxLong) {
		if strings.ContainsRune("\\`*_{}[]<>#|~&!", r) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return strings.NewReplacer("://", "\\://", "www.", "www\\.").Replace(b.String())
}

// codeSpan shows a text that a peer chose as code, in which nothing is markup.
func codeSpan(s string) string {
	return "`" + cmp.Or(strings.ReplaceAll(clean(s, 2*maxLong), "`", "'"), " ") + "`"
}
