package serve

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"

	"github.com/leadglass/leadglass"
	"github.com/leadglass/leadglass/internal/durable"
	"github.com/leadglass/leadglass/internal/regular"
)

// registry is what the log knows of accounts and devices: each as the file has it,
// the password excepted, by "account NAME" or "device NAME".
type registry map[string]json.RawMessage

// recordRegistry records each account and device that was made, changed or taken
// away since it was recorded last, and notes what is recorded now. Where it is
// interrupted between the two it records once more.
func (s *Server) recordRegistry(ctx context.Context) error {
	now, err := s.registry()
	if err != nil {
		return err
	}
	if s.known == nil {
		if s.known, err = s.recorded(); err != nil {
			return err
		}
	}
	var records []*leadglass.Record
	for _, name := range slices.Sorted(maps.Keys(merged(s.known, now))) {
		if r := s.changed(name, s.known[name], now[name]); r != nil {
			records = append(records, r)
		}
	}
	if len(records) == 0 {
		return nil
	}
	if err := s.log.Record(ctx, records...); err != nil {
		return err
	}
	text, err := json.Marshal(now)
	if err != nil {
		return err
	}
	if err := durable.WriteFile(durable.OS(), s.c.in(recordedFile), text); err != nil {
		return err
	}
	s.known = now
	return nil
}

// registry is what the files say now.
func (s *Server) registry() (registry, error) {
	accounts, err := s.directory.Accounts()
	if err != nil {
		return nil, err
	}
	devices, err := s.directory.Devices()
	if err != nil {
		return nil, err
	}
	all := registry{}
	for _, a := range accounts {
		if all["account "+a.Name], err = json.Marshal(a); err != nil {
			return nil, err
		}
	}
	for _, d := range devices {
		if all["device "+d.Name], err = json.Marshal(d); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// recordedFile has the registry as it was recorded last; maxRecorded bounds it, in
// bytes, well above what the files of identity may have.
const (
	recordedFile = "identity/recorded.json"
	maxRecorded  = 64 << 20
)

func (s *Server) recorded() (registry, error) {
	text, err := regular.Read(s.c.in(recordedFile), maxRecorded)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return registry{}, nil
	case err != nil:
		return nil, err
	}
	r := registry{}
	if err := json.Unmarshal(text, &r); err != nil {
		// Nobody but us writes it. What it said is in the log; all is recorded anew.
		return registry{}, nil
	}
	return r, nil
}

func merged(a, b registry) registry {
	all := registry{}
	maps.Copy(all, a)
	maps.Copy(all, b)
	return all
}

// changed is the record of one entry, nil where it is as it was. The text is sealed.
func (s *Server) changed(name string, before, now json.RawMessage) *leadglass.Record {
	var what string
	var action leadglass.Action
	switch {
	case string(before) == string(now):
		return nil
	case before == nil:
		what, action = "made", leadglass.Create
	case now == nil:
		what, action = "taken away", leadglass.Remove
	default:
		what, action = "changed", leadglass.Update
	}
	r := s.record(leadglass.SecurityAlert, leadglass.UserSecurity, action)
	r.Text = fmt.Sprintf("%s %s: %s", name, what, now)
	return r
}
