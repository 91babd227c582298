// Package serve puts an archive together from its configuration: store, index,
// log, policies, identities, guard and faces; it starts them in the order in which
// they need each other and ends them in the other.
package serve

import (
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/leadglass/leadglass"
	"github.com/leadglass/leadglass/internal/ca"
	"github.com/leadglass/leadglass/internal/durable"
	"github.com/leadglass/leadglass/internal/identity"
)

// Config is what an archive is told. The zero value, with a data folder, is an
// archive that answers on loopback only and lets nobody in yet.
type Config struct {
	// Data is the folder of everything: objects, index, log, keys, accounts. It
	// is made for its owner alone. Nothing outside of it is ever written.
	Data string
	// Policies is a folder of Cedar files instead of the shipped policies. They
	// are read at start and on reload; one that does not check is not used.
	Policies string

	DIMSE DIMSE
	Web   Web
	TLS   TLS
	// Exceptions are peers that are let in although they cannot show who they are.
	Exceptions []identity.Exception
	// Issuers are the OpenID providers whose tokens count.
	Issuers []identity.Issuer
	// Retention is for how long studies are kept.
	Retention Retention
	// Origin names the log in its checkpoints, as a schema-less URL that is this
	// log's alone. Where it is empty a random one is made with the data folder.
	Origin string
	// Passphrase opens the vault of the log's names. Where it is empty the vault's
	// key is a file of the data folder. It counts when the folder is made, and has
	// to be the same from then on.
	Passphrase []byte

	// Reload, where it is not nil, has policies and revocation lists read again for
	// each signal.
	Reload <-chan os.Signal
	// FS is the file system of objects, log and vault; nil is the system's. Tests
	// let it fail.
	FS          durable.FS
	Now         func() time.Time
	Diagnostics *slog.Logger
}

// in is a path of the data folder.
func (c *Config) in(name string) string { return filepath.Join(c.Data, name) }

// DIMSE is the DICOM network service.
type DIMSE struct {
	// Title is our AE title. Others that are called are refused, those in Called
	// excepted. The default is LEADGLASS.
	Title  leadglass.AETitle
	Called []leadglass.AETitle
	// TLS are addresses to listen on, each "host:port". Peers show the certificate
	// of an enrolled device. The default is 127.0.0.1:2762.
	TLS []string
	// Plain are addresses to listen on without encryption. Such an address is on
	// loopback, unless Exceptions name the peers that may use it. The default is
	// none.
	Plain []string
}

// Web is DICOMweb.
type Web struct {
	// TLS are addresses to listen on. The default is 127.0.0.1:8443.
	TLS []string
	// Plain are addresses to listen on without encryption, on loopback only: for a
	// proxy on the same machine. The default is none.
	Plain []string
	// URL is how the world reaches us where a proxy stands in between: what answers
	// that hold URLs begin with. The default is what each request says.
	URL string
}

// TLS is what listeners show and whom they believe.
type TLS struct {
	// Profile is the secure transport connection profile: ca.BCP195 (the default) or
	// ca.ModifiedBCP195, for peers that want its suites.
	Profile ca.Profile
	// Names are the host names and addresses that the certificate of our own CA is
	// for; loopback is always among them.
	Names []string
	// Certificate and Key are PEM files of the site's own certificate. Where they
	// are empty our own CA issues one.
	Certificate, Key string
	// Clients is a PEM file of further CAs whose device certificates count, and
	// Revoked are files of their revocation lists, in PEM or DER, read again each
	// hour and on reload.
	Clients string
	Revoked []string
}

// Retention is for how long studies are kept.
type Retention struct {
	// After is counted from the date of a study; zero is for ever. Studies without
	// a date stay.
	After time.Duration
	// Keep are labels; a study that has one of them stays.
	Keep []string
}
