// Package serve puts an archive together from its configuration: store, index,
// log, policies, identities, guard and faces; it starts them in the order in which
// they need each other and ends them in the other.
package serve

import (
	"log/slog"
	"time"

	"github.com/leadglass/leadglass"
	"github.com/leadglass/leadglass/internal/ca"
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
	// Exceptions are peers that are let in although they cannot show who they are.
	Exceptions []identity.Exception
	// Issuers are the OpenID providers whose tokens count.
	Issuers []identity.Issuer
	// Retention is for how long studies are kept.
	Retention Retention
	// Origin names the log in its checkpoints, as a schema-less URL that is this
	// log's alone. Where it is empty a random one is made with the data folder.
	Origin string

	Now         func() time.Time
	Diagnostics *slog.Logger
}

// DIMSE is the DICOM network service.
type DIMSE struct {
	// Title is our AE title. Others that are called are refused.
	Title leadglass.AETitle
	// TLS are addresses to listen on, each "host:port". Peers show the certificate
	// of an enrolled device. The default is 127.0.0.1:2762.
	TLS []string
	// Plain are addresses to listen on without encryption. Such an address is on
	// loopback, unless Exceptions name the peers that may use it. The default is
	// none.
	Plain []string
	// Profile is the secure transport connection profile: ca.BCP195 (the default) or
	// ca.ModifiedBCP195, for peers that want its suites.
	Profile ca.Profile
}

// Web is DICOMweb.
type Web struct {
	// TLS are addresses to listen on. The default is 127.0.0.1:8443.
	TLS []string
	// Plain are addresses to listen on without encryption, on loopback only: for a
	// proxy on the same machine.
	Plain []string
	// Names are the host names and addresses that the certificate of our own CA is
	// for; loopback is always among them.
	Names []string
	// Certificate and Key are PEM files of the site's own certificate. Where they
	// are empty our own CA issues one. They serve DIMSE too.
	Certificate, Key string
	// Clients is a PEM file of further CAs whose device certificates count.
	Clients string
}

// Retention is for how long studies are kept; zero is for ever.
type Retention struct {
	After time.Duration // after the last object of a study came
}
