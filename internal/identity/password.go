package identity

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"

	"github.com/leadglass/leadglass"
)

// work is what argon2id is told (RFC 9106): KiB, passes, lanes.
type work struct {
	memory, passes uint32
	lanes          uint8
}

// The OWASP password storage cheat sheet's first choice for argon2id; 15 to 30 ms. A
// password that was stretched by another measure is stretched anew when it is next
// given.
func currentWork() work { return work{memory: 19 << 10, passes: 2, lanes: 1} }

const (
	saltBytes = 16 // RFC 9106 section 3.1
	hashBytes = 32
	// A file must not make us spend more: 256 MiB, 16 passes, 16 lanes.
	mostMemory, mostPasses, mostLanes = 256 << 10, 16, 16
)

// stretched is a password as it is kept.
type stretched struct {
	work
	salt, hash []byte
}

// String is the PHC string format, "$argon2id$v=19$m=19456,t=2,p=1$salt$hash".
func (s stretched) String() string {
	b64 := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, s.memory, s.passes, s.lanes, b64(s.salt), b64(s.hash))
}

// parseStretched reads what String writes, and no other form of the same.
func parseStretched(text string) (s stretched, err error) {
	part := strings.Split(text, "$")
	if len(part) != 6 {
		return s, fmt.Errorf("no argon2id string")
	}
	var version int
	_, _ = fmt.Sscanf(part[2]+" "+part[3], "v=%d m=%d,t=%d,p=%d", &version, &s.memory, &s.passes, &s.lanes)
	s.salt, _ = base64.RawStdEncoding.DecodeString(part[4])
	s.hash, _ = base64.RawStdEncoding.DecodeString(part[5])
	switch {
	case s.String() != text:
		return s, fmt.Errorf("no argon2id string")
	case s.memory < 8*uint32(s.lanes) || s.memory > mostMemory || s.passes < 1 || s.passes > mostPasses || s.lanes < 1 || s.lanes > mostLanes:
		return s, fmt.Errorf("argon2id with m=%d, t=%d, p=%d", s.memory, s.passes, s.lanes)
	case len(s.salt) < 8 || len(s.salt) > 64 || len(s.hash) < 16 || len(s.hash) > 64:
		return s, fmt.Errorf("argon2id with %d bytes of salt and %d of hash", len(s.salt), len(s.hash))
	}
	return s, nil
}

// stretcher stretches passwords, a few at once: each takes memory.
type stretcher struct {
	lim   Limits
	hash  func(password, salt []byte, w work, n uint32) []byte
	turns chan struct{} // holds one for each that runs
	queue chan struct{} // and one for each that runs or waits
	none  stretched     // of nobody, for names that nobody has
}

func newStretcher(lim Limits) *stretcher {
	const most = 1 << 20 // of a limit that is off
	running := min(lim.Hashes, most)
	s := &stretcher{
		lim: lim,
		hash: func(password, salt []byte, w work, n uint32) []byte {
			return argon2.IDKey(password, salt, w.passes, w.memory, w.lanes, n)
		},
		turns: make(chan struct{}, running),
		queue: make(chan struct{}, running+min(lim.HashWaiters, most)),
		none:  stretched{work: currentWork(), salt: make([]byte, saltBytes), hash: make([]byte, hashBytes)},
	}
	_, _ = rand.Read(s.none.salt) // never fails
	_, _ = rand.Read(s.none.hash)
	return s
}

// begin waits for a turn; end is to be called after it.
func (s *stretcher) begin(ctx context.Context) (end func(), err error) {
	select {
	case s.queue <- struct{}{}:
	default:
		return nil, limited("stretching a password")
	}
	timer := time.NewTimer(s.lim.HashWait)
	defer timer.Stop()
	select {
	case s.turns <- struct{}{}:
		return func() { <-s.turns; <-s.queue }, nil
	case <-timer.C:
		err = limited("stretching a password")
	case <-ctx.Done():
		err = leadglass.Errorf(leadglass.Unavailable, "identity: stretching a password: %w", context.Cause(ctx))
	}
	<-s.queue
	return nil, err
}

// fits says whether a password is the one that is kept.
func (s *stretcher) fits(ctx context.Context, kept stretched, password string) (bool, error) {
	end, err := s.begin(ctx)
	if err != nil {
		return false, err
	}
	defer end()
	got := s.hash(canonicalPassword(password), kept.salt, kept.work, uint32(len(kept.hash)))
	return subtle.ConstantTimeCompare(got, kept.hash) == 1, nil
}

// stretch makes what is kept of a password.
func (s *stretcher) stretch(ctx context.Context, password string) (stretched, error) {
	end, err := s.begin(ctx)
	if err != nil {
		return stretched{}, err
	}
	defer end()
	out := stretched{work: currentWork(), salt: make([]byte, saltBytes)}
	_, _ = rand.Read(out.salt)
	out.hash = s.hash(canonicalPassword(password), out.salt, out.work, hashBytes)
	return out, nil
}

// The lengths of passwords: NIST SP 800-63B section 5.1.1.2 asks for 8 at least and
// for 64 to be possible; ours see patients. Bytes bound what is hashed.
const (
	shortestPassword = 12 // characters
	longestPassword  = 1024
	distinct         = 5 // characters, at least
)

// canonicalPassword is a password as RFC 8265 section 4.2 has it: the same however a
// keyboard composes its letters. One that is too long for us fits nobody.
func canonicalPassword(password string) []byte {
	if len(password) > longestPassword {
		return nil
	}
	return norm.NFC.Bytes([]byte(password))
}

// checkPassword says what is wrong with a new password.
func checkPassword(name, password string) error {
	folded := strings.ToLower(password)
	different := map[rune]bool{}
	for _, r := range folded {
		different[r] = true
	}
	var what string
	switch {
	case !utf8.ValidString(password):
		what = "it is not UTF-8"
	case utf8.RuneCountInString(password) < shortestPassword:
		what = fmt.Sprintf("it has less than %d characters", shortestPassword)
	case len(password) > longestPassword:
		what = fmt.Sprintf("it has more than %d bytes", longestPassword)
	case len(strings.ReplaceAll(folded, strings.ToLower(name), "")) < shortestPassword/2:
		what = "it is little more than the name"
	case len(different) < distinct:
		what = fmt.Sprintf("it has less than %d different characters", distinct)
	case common(folded):
		what = "it is one of those that are tried first"
	default:
		return nil
	}
	return leadglass.Errorf(leadglass.Invalid, "identity: a password cannot be used: %s", what)
}

// common says whether a password is a run of a keyboard or of the alphabet, or a
// word that everybody takes with digits behind (NIST SP 800-63B section 5.1.1.2).
func common(folded string) bool {
	for _, run := range []string{"01234567890123456789", "98765432109876543210", "abcdefghijklmnopqrstuvwxyz", "qwertyuiopasdfghjklzxcvbnm", "qwertzuiopasdfghjklyxcvbnm", "1qaz2wsx3edc4rfv5tgb6yhn"} {
		if strings.Contains(run, folded) {
			return true
		}
	}
	word := strings.TrimRight(folded, "0123456789!?.#$*_- ")
	for _, known := range []string{
		"password", "passwort", "passw0rd", "p@ssword", "p@ssw0rd", "motdepasse", "contraseña", "administrator", "admin", "leadglass", "radiology",
		"radiologie", "hospital", "welcome", "willkommen", "changeme", "letmein", "qwerty", "qwertz", "iloveyou", "dicom", "orthanc", "secret", "default",
	} {
		if word == known || word == known+known {
			return true
		}
	}
	return false
}
