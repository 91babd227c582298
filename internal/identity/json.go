package identity

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// errDepth and errTwice are what encoding/json lets pass: it nests to 10,000, and of
// two members of a name takes the last, where others take the first (RFC 8259
// section 4).
var (
	errDepth = errors.New("nested too deep")
	errTwice = errors.New("a member is there twice")
)

// parseObject reads one object. Numbers are json.Number.
func parseObject(text []byte, depth int) (map[string]any, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	v, err := parseValue(d, depth)
	if err != nil {
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("something follows the object")
	}
	object, ok := v.(map[string]any)
	if !ok {
		return nil, errors.New("no object")
	}
	return object, nil
}

func parseValue(d *json.Decoder, depth int) (any, error) {
	tok, err := d.Token()
	if err != nil {
		return nil, err
	}
	open, nested := tok.(json.Delim)
	if !nested {
		return tok, nil
	}
	if depth == 0 {
		return nil, errDepth
	}
	if open == '[' {
		list := []any{}
		for d.More() {
			v, err := parseValue(d, depth-1)
			if err != nil {
				return nil, err
			}
			list = append(list, v)
		}
		_, err := d.Token()
		return list, err
	}
	object := map[string]any{}
	for d.More() {
		tok, err := d.Token()
		if err != nil {
			return nil, err
		}
		key := tok.(string) // or Token had failed
		if _, twice := object[key]; twice {
			return nil, errTwice
		}
		if object[key], err = parseValue(d, depth-1); err != nil {
			return nil, err
		}
	}
	_, err = d.Token()
	return object, err
}

// fileDepth is of our own files: a list of objects with lists.
const fileDepth = 5

// decodeFile reads a file of ours, in which every member is known.
func decodeFile(text []byte, to any) error {
	if _, err := parseObject(text, fileDepth); err != nil {
		return err
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	return d.Decode(to)
}

// encodeFile writes a file of ours, one entry a line to read and compare.
func encodeFile(kind string, entries []any) ([]byte, error) {
	var b bytes.Buffer
	fmt.Fprintf(&b, "{\"version\": 1, %q: [", kind)
	for i, e := range entries {
		b.WriteString(strings.Repeat(",", min(i, 1)) + "\n")
		text, err := json.Marshal(e)
		if err != nil {
			return nil, fmt.Errorf("identity: writing %s: %w", kind, err)
		}
		b.Write(text)
	}
	b.WriteString("\n]}\n")
	return b.Bytes(), nil
}
