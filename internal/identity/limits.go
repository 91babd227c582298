package identity

import (
	"time"

	"github.com/leadglass/leadglass/internal/limit"
)

// Limits bounds what peers and issuers can make us hold or do. The zero value is the
// safe default; a negative value switches a limit off.
type Limits struct {
	FileBytes int // of accounts.json and of devices.json

	Hashes      int           // passwords stretched at once
	HashWaiters int           // that wait for their turn
	HashWait    time.Duration // for it

	AccountFailures int           // in a row, before an account waits
	AddressFailures int           // of one address, before it waits
	LongestWait     time.Duration // between two attempts
	FailureMemory   time.Duration // after which failures are forgotten
	Addresses       int           // whose failures are remembered

	TokenBytes    int
	TokenDepth    int           // of objects and lists in a token
	TokenLifetime time.Duration // from when it was issued, or from now
	Skew          time.Duration // between an issuer's clock and ours

	IssuerTime    time.Duration // to answer
	IssuerBytes   int           // of an answer
	IssuerKeys    int           // that count of those it publishes
	FetchInterval time.Duration // between two times that its keys are asked for
	KeysFresh     time.Duration // after which they are asked for again
	KeysStale     time.Duration // after which keys of an issuer that is down do not count
}

// The defaults.
const (
	// 50,000 accounts of 300 bytes.
	defaultFileBytes = 16 << 20

	// Each takes 19 MiB: 76 MiB, of the 400 that the whole program may have.
	defaultHashes = 4
	// 4 take 20 to 30 ms together: 256 wait two seconds.
	defaultHashWaiters = 256
	defaultHashWait    = 5 * time.Second

	// NIST SP 800-63B section 5.2.2 allows 100 failures in a row; with these there
	// are about 110 a day.
	defaultAccountFailures = 5
	defaultLongestWait     = 15 * time.Minute
	// A ward behind one address mistypes more.
	defaultAddressFailures = 20
	defaultFailureMemory   = 24 * time.Hour
	// 100 bytes each: 1 MB.
	defaultAddresses = 10_000

	// Tokens with hundreds of groups have 4 to 8 KiB; more fits in no header.
	defaultTokenBytes = 16 << 10
	// extensions, ihe_iua, purpose_of_use, coding: four, and as many again.
	defaultTokenDepth = 8
	// IHE IUA: an hour at most. A day is for issuers that know no better.
	defaultTokenLifetime = 24 * time.Hour
	// RFC 7519 section 4.1.4: no more than a few minutes.
	defaultSkew = time.Minute

	// A person waits for it.
	defaultIssuerTime = 5 * time.Second
	// Discovery documents have 5 KiB, key sets up to 50.
	defaultIssuerBytes = 1 << 20
	// Microsoft Entra publishes about ten.
	defaultIssuerKeys = 64
	// A key that rotates counts ten seconds later; a flood of unknown ones costs six
	// requests a minute.
	defaultFetchInterval = 10 * time.Second
	// A key that an issuer withdraws counts for that long.
	defaultKeysFresh = 15 * time.Minute
	// Longer than any token lives.
	defaultKeysStale = 24 * time.Hour
)

func (l Limits) orDefault() Limits {
	count := func(n *int, def int) { *n = limit.Of(*n, def) }
	span := func(d *time.Duration, def time.Duration) { *d = limit.Of(*d, def) }
	count(&l.FileBytes, defaultFileBytes)
	count(&l.Hashes, defaultHashes)
	count(&l.HashWaiters, defaultHashWaiters)
	span(&l.HashWait, defaultHashWait)
	count(&l.AccountFailures, defaultAccountFailures)
	count(&l.AddressFailures, defaultAddressFailures)
	span(&l.LongestWait, defaultLongestWait)
	span(&l.FailureMemory, defaultFailureMemory)
	count(&l.Addresses, defaultAddresses)
	count(&l.TokenBytes, defaultTokenBytes)
	count(&l.TokenDepth, defaultTokenDepth)
	span(&l.TokenLifetime, defaultTokenLifetime)
	span(&l.Skew, defaultSkew)
	span(&l.IssuerTime, defaultIssuerTime)
	count(&l.IssuerBytes, defaultIssuerBytes)
	count(&l.IssuerKeys, defaultIssuerKeys)
	span(&l.FetchInterval, defaultFetchInterval)
	span(&l.KeysFresh, defaultKeysFresh)
	span(&l.KeysStale, defaultKeysStale)
	return l
}
