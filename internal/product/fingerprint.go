package product

import (
	_ "embed"
	"fmt"
	"net/http"
	"regexp"
	"sync"

	"github.com/pelletier/go-toml/v2"
)

//go:embed fingerprints.toml
var fingerprints []byte

// fingerprint is how to recognise one product.
type fingerprint struct {
	Name, Vendor string
	Kind         Kind
	Viewer       bool    // its pages show images or studies
	Source       string  // where the clues are from
	ClassUID     pattern `toml:"class_uid"`
	VersionName  pattern `toml:"version_name"`
	Page         []pageClue
}

// pageClue recognises a product by one HTTP answer.
type pageClue struct {
	Path, Title, Body pattern
	Header            string  // a header's name …
	Value             pattern // … and what it holds
	Status            int     // 0 is any
}

// pattern is a regular expression; the zero value matches everything.
type pattern struct{ *regexp.Regexp }

// UnmarshalText compiles the pattern.
func (p *pattern) UnmarshalText(text []byte) (err error) {
	p.Regexp, err = regexp.Compile(string(text))
	return err
}

// catalogue is the embedded data, read once. A test reads it, so that a mistake
// in it cannot reach a user.
var catalogue = sync.OnceValue(func() []fingerprint {
	list, err := parse(fingerprints)
	if err != nil {
		panic("product: the embedded fingerprints: " + err.Error())
	}
	return list
})

func parse(text []byte) ([]fingerprint, error) {
	var file struct{ Product []fingerprint }
	if err := toml.Unmarshal(text, &file); err != nil {
		return nil, fmt.Errorf("product: reading fingerprints: %w", err)
	}
	return file.Product, nil
}

const byAssociation = "association"

// match returns the version, "" where no clue tells, and which clues matched.
func (f *fingerprint) match(c *Clues) (version string, by []string) {
	if f.ClassUID.Regexp != nil || f.VersionName.Regexp != nil {
		uid, okUID := f.ClassUID.find([]byte(c.ImplementationClassUID))
		name, okName := f.VersionName.find([]byte(c.ImplementationVersionName))
		if okUID && okName {
			version, by = first(name, uid), append(by, byAssociation)
		}
	}
	for i := range c.Pages {
		for _, clue := range f.Page {
			if v, ok := clue.match(&c.Pages[i]); ok {
				version, by = first(version, v), append(by, "page "+c.Pages[i].Path)
				break
			}
		}
	}
	return version, by
}

func (p *pageClue) match(page *Page) (version string, ok bool) {
	if p.Status != 0 && p.Status != page.Status {
		return "", false
	}
	value := []byte(http.Header(page.Header).Get(p.Header))
	if p.Header != "" && len(value) == 0 {
		return "", false
	}
	for _, clue := range []struct {
		pattern
		text []byte
	}{{p.Path, []byte(page.Path)}, {p.Title, []byte(page.Title)}, {p.Value, value}, {p.Body, page.Body}} {
		v, ok := clue.find(clue.text)
		if !ok {
			return "", false
		}
		version = first(version, v)
	}
	return version, true
}

// find says whether the pattern matches and what its group "version" holds.
func (p pattern) find(text []byte) (version string, ok bool) {
	if p.Regexp == nil {
		return "", true
	}
	m := p.FindSubmatch(text)
	if m == nil {
		return "", false
	}
	if i := p.SubexpIndex("version"); i > 0 {
		version = string(m[i])
	}
	return version, true
}

func first(a, b string) string {
	if a != "" {
		return a
	}
	return b
}
