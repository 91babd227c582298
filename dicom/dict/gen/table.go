package main

import (
	"bufio"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// element is one line of elements.tsv.
type element struct {
	Tag, Mask                  uint32
	VR, VRs, VM, Keyword, Name string
	Retired                    bool
	Pattern                    string // the tag as the table has it
}

// uid is one line of uids.tsv.
type uid struct {
	UID, Name, Keyword, Type string
	Retired                  bool
}

// rows returns the fields of each line that is no comment; dashes are empty.
func rows(name string, fields int) ([][]string, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var all [][]string
	s := bufio.NewScanner(f)
	for n := 1; s.Scan(); n++ {
		if strings.HasPrefix(s.Text(), "#") {
			continue
		}
		row := strings.Split(s.Text(), "\t")
		if len(row) != fields {
			return nil, fmt.Errorf("%s:%d: %d fields, want %d", name, n, len(row), fields)
		}
		for i := range row {
			if row[i] == "-" {
				row[i] = ""
			}
		}
		all = append(all, row)
	}
	return all, s.Err()
}

func readElements(name string) ([]element, error) {
	table, err := rows(name, 6)
	if err != nil {
		return nil, err
	}
	var all []element
	for _, row := range table {
		e := element{Pattern: row[0], VRs: row[1], VM: row[2], Keyword: row[3], Name: row[4], Retired: row[5] != ""}
		e.VR, _, _ = strings.Cut(e.VRs, " or ")
		if e.Tag, e.Mask, err = parseTag(row[0]); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		all = append(all, e)
	}
	slices.SortStableFunc(all, func(a, b element) int {
		if a.Tag != b.Tag {
			return int(int64(a.Tag) - int64(b.Tag))
		}
		return strings.Compare(a.Pattern, b.Pattern)
	})
	return all, checkKeywords(all)
}

// parseTag reads "00100010" or, for repeating groups, "60xx0010".
func parseTag(s string) (tag, mask uint32, err error) {
	if !regexp.MustCompile(`^[0-9A-Fx]{8}$`).MatchString(s) {
		return 0, 0, fmt.Errorf("tag %q", s)
	}
	v, err := strconv.ParseUint(strings.ReplaceAll(s, "x", "0"), 16, 32)
	if err != nil {
		return 0, 0, err
	}
	for _, c := range s {
		mask <<= 4
		if c != 'x' {
			mask |= 0xF
		}
	}
	return uint32(v), mask, nil
}

func checkKeywords(all []element) error {
	word := regexp.MustCompile(`^[A-Za-z][A-Za-z0-9]*$`)
	seen := map[string]bool{}
	for _, e := range all {
		if e.Keyword == "" {
			continue
		}
		if !word.MatchString(e.Keyword) || seen[e.Keyword] {
			return fmt.Errorf("keyword %q is odd or double", e.Keyword)
		}
		seen[e.Keyword] = true
	}
	return nil
}

func readUIDs(name string) ([]uid, error) {
	table, err := rows(name, 5)
	if err != nil {
		return nil, err
	}
	var all []uid
	for _, row := range table {
		all = append(all, uid{UID: row[0], Name: row[1], Keyword: row[2], Type: row[3], Retired: row[4] != ""})
	}
	slices.SortFunc(all, func(a, b uid) int { return strings.Compare(a.UID, b.UID) })
	return all, nil
}
