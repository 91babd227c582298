package scope

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"

	"github.com/leadglass/leadglass/internal/regular"
)

// file is a scope file as it is written; the keys are exactly these.
type file struct {
	name string
	text []byte

	Authorisation *fileAuthorisation `toml:"authorisation"`
	Targets       fileTargets        `toml:"targets"`
	Limits        fileLimits         `toml:"limits"`
}

type fileAuthorisation struct {
	Organisation string `toml:"organisation"`
	Contact      string `toml:"contact"`
	Reference    string `toml:"reference"`
	ValidFrom    any    `toml:"valid_from"` // a date, a date-time, or either as text
	ValidTo      any    `toml:"valid_to"`
}

type fileTargets struct {
	Include      []string `toml:"include"`
	Exclude      []string `toml:"exclude"`
	IncludeFiles []string `toml:"include_files"`
	ExcludeFiles []string `toml:"exclude_files"`
	DICOMPorts   []int64  `toml:"dicom_ports"`
	HTTPPorts    []int64  `toml:"http_ports"`
}

type fileLimits struct {
	PerHostRate float64 `toml:"per_host_rate"`
	TotalRate   float64 `toml:"total_rate"`
	Connections int     `toml:"connections"`
}

func readFile(name string) ([]byte, error) {
	if name == "" {
		return nil, &Error{Kind: BadFile, What: "no scope file is named", Remedy: "write one and name it: --scope scope.toml"}
	}
	text, err := regular.Read(name, maxFile)
	if err != nil {
		return nil, &Error{Kind: BadFile, File: name, What: regular.Reason(err), Err: err,
			Remedy: "name a file that says who permitted the survey and whom it may ask"}
	}
	return text, nil
}

func decode(name string, text []byte) (*file, error) {
	f := &file{name: name, text: text}
	d := toml.NewDecoder(bytes.NewReader(text)).DisallowUnknownFields()
	if err := d.Decode(f); err != nil {
		return nil, f.syntax(err)
	}
	if l := f.Limits; math.IsNaN(l.PerHostRate) || math.IsNaN(l.TotalRate) {
		return nil, f.fail(BadSyntax, f.lineOf("nan"), "a rate is not a number", "leave it out for the default")
	}
	return f, nil
}

// syntax turns what the TOML decoder says into our words.
func (f *file) syntax(err error) error {
	if missing, ok := errors.AsType[*toml.StrictMissingError](err); ok && len(missing.Errors) > 0 {
		first := &missing.Errors[0]
		line, _ := first.Position()
		return f.fail(BadSyntax, line, fmt.Sprintf("there is no key %q", strings.Join(first.Key(), ".")),
			"the keys are [authorisation] organisation, contact, reference, valid_from, valid_to; [targets] include, exclude, "+
				"include_files, exclude_files, dicom_ports, http_ports; [limits] per_host_rate, total_rate, connections")
	}
	remedy := "texts and names stand in double quotes, lists in [ ], dates bare: valid_to = 2026-12-31"
	if de, ok := errors.AsType[*toml.DecodeError](err); ok {
		line, _ := de.Position()
		return f.fail(BadSyntax, line, strings.TrimPrefix(de.Error(), "toml: "), remedy)
	}
	return f.fail(BadSyntax, 0, strings.TrimPrefix(err.Error(), "toml: "), remedy)
}

func (f *file) fail(k Kind, line int, what, remedy string) *Error {
	return &Error{Kind: k, File: f.name, Line: line, What: what, Remedy: remedy}
}

// lineOf returns the line of the first use of a text outside comments, or 0.
func (f *file) lineOf(text string) int {
	for i, line := range bytes.Split(f.text, []byte("\n")) {
		if t := bytes.TrimSpace(line); len(t) > 0 && t[0] != '#' && bytes.Contains(t, []byte(text)) {
			return i + 1
		}
	}
	return 0
}

func (f *file) limits() Limits {
	return Limits{f.Limits.PerHostRate, f.Limits.TotalRate, f.Limits.Connections}
}

// ports checks a list of ports; nil stands for the usual ones.
func (f *file) ports(key string, given []int64, usual []uint16) ([]uint16, error) {
	if given == nil {
		return usual, nil
	}
	ports := []uint16{}
	for _, p := range given {
		if p < 1 || p > math.MaxUint16 {
			return nil, f.fail(BadTargets, f.lineOf(key), fmt.Sprintf("%s has %d, which is no port", key, p), "ports are 1 to 65535")
		}
		if !slices.Contains(ports, uint16(p)) {
			ports = append(ports, uint16(p))
		}
	}
	return ports, nil
}

// linesOf returns the first line of each entry as it is written in a list: one
// pass over the file, however many entries there are.
func (f *file) linesOf(given []string) map[string]int {
	wanted, lines := make(map[string]bool, len(given)), make(map[string]int, len(given))
	for _, text := range given {
		wanted[text] = true
	}
	n := 0
	for line := range bytes.Lines(f.text) {
		n++
		if t := bytes.TrimSpace(line); len(t) > 0 && t[0] == '#' {
			continue
		}
		for i, part := range bytes.Split(line, []byte(`"`)) {
			if text := string(part); i%2 == 1 && wanted[text] && lines[text] == 0 {
				lines[text] = n
			}
		}
	}
	return lines
}

// entries reads the entries of a key and of its files, which are named from
// the folder of the scope file.
func (f *file) entries(key string, given, files []string) ([]entry, error) {
	if len(files) > maxFiles {
		return nil, f.fail(BadTargets, f.lineOf(key+"_files"), fmt.Sprintf("%s_files names more than %d files", key, maxFiles), "put their lines into one file")
	}
	var all []entry
	lines := f.linesOf(given)
	for _, text := range given {
		e, err := parseEntry(strings.TrimSpace(text))
		if err != nil {
			return nil, f.fail(BadTargets, lines[text], fmt.Sprintf("%s: %v", key, err), entryRemedy)
		}
		e.file, e.line = f.name, lines[text]
		all = append(all, e)
	}
	for _, name := range files {
		if !filepath.IsAbs(name) {
			name = filepath.Join(filepath.Dir(f.name), name)
		}
		var err error
		if all, err = readList(all, name); err != nil {
			return nil, err
		}
	}
	return all, nil
}
