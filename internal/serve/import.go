package serve

import (
	"context"
	"errors"
	"net/netip"

	"github.com/leadglass/leadglass"
	"github.com/leadglass/leadglass/internal/archive"
)

// Imported counts what became of files.
type Imported = archive.Imported

// Importing is what Import is told.
type Importing struct {
	Paths    []string
	Operator string // who signed in to this machine
	// Progress is told after each file what has been done so far, Refused each file
	// that was not taken, and Warned what was kept although it is in conflict. They
	// are not called at the same time, and may be nil.
	Progress func(Imported)
	Refused  func(name string, err error)
	Warned   func(name string, warnings []string)
}

// Import stores files in an archive that is not running. It asks the policy and
// records as any other way in does.
func Import(ctx context.Context, c Config, im Importing) (done Imported, err error) {
	s := &Server{c: c.withDefaults()}
	if _, err := s.open(ctx, s.folder, s.openLog, s.openArchive, s.openPolicies); err != nil {
		return done, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	in, err := s.guard.Store(ctx, &leadglass.Request{Route: leadglass.Command, Peer: operator(im.Operator), Purpose: leadglass.RecordsManagement, DeclaredBy: leadglass.ByRequest})
	if err != nil {
		return done, importing(err)
	}
	done, err = s.archive.Import(ctx, im.Paths, archive.Importing{Put: in.Put, Progress: im.Progress, Refused: im.Refused, Warned: im.Warned})
	return done, errors.Join(err, in.End(context.WithoutCancel(ctx)))
}

// operator is whoever runs a command: the system has asked for the password.
func operator(name string) *leadglass.Peer {
	return &leadglass.Peer{
		Kind: leadglass.Person, ID: name, Issuer: "system", Assurance: leadglass.Password, Active: true,
		Roles: []leadglass.Role{leadglass.Administrator}, Address: netip.AddrPortFrom(netip.IPv6Loopback(), 0),
	}
}

// importing says what helps where the site's own policies do not let it import.
func importing(err error) error {
	if leadglass.CodeOf(err) != leadglass.Denied {
		return err
	}
	return &ConfigError{
		Key: "policies", What: "the policies do not permit an import",
		Remedy: "copy the rule administrator-imports into them: leadglass policy list shows it",
	}
}
