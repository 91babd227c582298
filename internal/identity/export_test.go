package identity

import (
	"crypto/sha256"
	"sync/atomic"

	"golang.org/x/crypto/argon2"
)

// Cheap replaces argon2 by a hash that takes no time, and counts the calls. Passwords
// that are added from then on are kept so.
func Cheap(d *Directory) (calls *atomic.Int64) {
	calls = new(atomic.Int64)
	d.stretcher.hash = func(password, salt []byte, w work, n uint32) []byte {
		calls.Add(1)
		sum := sha256.Sum256(append(append([]byte{byte(w.passes)}, salt...), password...))
		return sum[:n]
	}
	return calls
}

// Hold makes each hash wait for the channel.
func Hold(d *Directory, until <-chan struct{}, begun chan<- struct{}) {
	inner := d.stretcher.hash
	d.stretcher.hash = func(password, salt []byte, w work, n uint32) []byte {
		begun <- struct{}{}
		<-until
		return inner(password, salt, w, n)
	}
}

// Addresses is how many addresses are remembered.
func Addresses(d *Directory) int { return len(d.attempts.addresses) }

func AccountsRemembered(d *Directory) int { return len(d.attempts.accounts) }

func ParseAccounts(text []byte) (int, string, error) {
	all, err := parseAccounts(text)
	if err != nil {
		return 0, "", err
	}
	again, err := all.format()
	return len(all), string(again), err
}

func ParseDevices(text []byte) (int, string, error) {
	all, err := parseDevices(text)
	if err != nil {
		return 0, "", err
	}
	again, err := all.format()
	return len(all.byName), string(again), err
}

func ParseToken(token string) error {
	_, err := parseToken(token, Limits{}.orDefault())
	return err
}

func ParseKeys(text []byte) (int, error) {
	all, err := parseKeys(text, Limits{}.orDefault())
	return len(all), err
}

func ParseStretched(text string) (string, error) {
	s, err := parseStretched(text)
	return s.String(), err
}

func Algorithms() []string { return algorithms() }

// WeakHash is a password by a measure of long ago.
func WeakHash(password string) string {
	s := stretched{work: work{memory: 8, passes: 1, lanes: 1}, salt: make([]byte, saltBytes)}
	s.hash = argon2.IDKey([]byte(password), s.salt, s.passes, s.memory, s.lanes, hashBytes)
	return s.String()
}
