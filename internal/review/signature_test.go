package review_test

import (
	"bytes"
	"crypto/ed25519"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/leadglass/leadglass/internal/review"
	"github.com/leadglass/leadglass/internal/tlog"
)

// order is that of the group, little endian (RFC 8032 section 5.1).
const order = "edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010"

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// plus adds a multiple of the order to the S of a signature.
func plus(t testing.TB, sig []byte, times int) []byte {
	out, carry := bytes.Clone(sig), 0
	for i, b := range unhex(t, order) {
		carry += int(out[32+i]) + times*int(b)
		out[32+i] = byte(carry)
		carry >>= 8
	}
	return out
}

// TestSignatures_AsTheLibrary: what crypto/ed25519 takes is taken, and nothing else.
func TestSignatures_AsTheLibrary(t *testing.T) {
	var seed [32]byte
	r := rand.New(rand.NewPCG(5, 6))
	good, bad := 0, 0
	for range 6 {
		binary.LittleEndian.PutUint64(seed[:], r.Uint64())
		secret := ed25519.NewKeyFromSeed(seed[:])
		public := secret.Public().(ed25519.PublicKey)
		verify := review.Signatures(public)
		check := func(what string, text, sig []byte) {
			t.Helper()
			want, got := ed25519.Verify(public, text, sig), verify(text, sig)
			if got != want {
				t.Errorf("%s: %v, want %v: %x", what, got, want, sig)
			}
			if want {
				good++
			} else {
				bad++
			}
		}
		for n := range 60 {
			text := bytes.Repeat([]byte{byte(n)}, n)
			sig := ed25519.Sign(secret, text)
			check("signed", text, sig)
			check("another text", append(text, 0), sig)
			for range 4 {
				other := bytes.Clone(sig)
				other[r.IntN(64)] ^= 1 << r.IntN(8)
				check("flipped", text, other)
			}
			for times := 1; times < 8; times++ {
				check("S beyond the order", text, plus(t, sig, times))
			}
		}
		check("zeros", nil, make([]byte, 64))
		check("ones", nil, bytes.Repeat([]byte{255}, 64))
	}
	if good != 360 || bad < 4000 {
		t.Errorf("%d good and %d bad", good, bad)
	}
}

// TestSignatures_SmallOrder has keys and Rs of small order and in odd encodings,
// for which libraries differ (Chalkias and others, "Taming the many EdDSAs", 2020).
func TestSignatures_SmallOrder(t *testing.T) {
	points := []string{
		"0100000000000000000000000000000000000000000000000000000000000000",
		"0100000000000000000000000000000000000000000000000000000000000080",
		"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
		"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
		"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"0000000000000000000000000000000000000000000000000000000000000000",
		"0000000000000000000000000000000000000000000000000000000000000080",
		"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
		"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
		"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
		"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
		"0200000000000000000000000000000000000000000000000000000000000000", // on no curve
	}
	good := 0
	for _, key := range points {
		public := ed25519.PublicKey(unhex(t, key))
		verify := review.Signatures(public)
		for _, r := range points {
			for _, s := range []string{"00", "01", "08"} {
				sig := append(unhex(t, r), append(unhex(t, s), make([]byte, 31)...)...)
				for n := range 8 {
					text := []byte{byte(n)}
					want := ed25519.Verify(public, text, sig)
					if got := verify(text, sig); got != want {
						t.Errorf("key %s, R %s, S %s, %d: %v, want %v", key, r, s, n, got, want)
					}
					if want {
						good++
					}
				}
			}
		}
	}
	if good < 50 {
		t.Errorf("only %d were good: too few to prove anything", good)
	}
}

func BenchmarkSignatures(b *testing.B) {
	secret := ed25519.NewKeyFromSeed(make([]byte, 32))
	public := secret.Public().(ed25519.PublicKey)
	text := bytes.Repeat([]byte{7}, 80)
	sig := ed25519.Sign(secret, text)
	b.Run("library", func(b *testing.B) {
		for b.Loop() {
			ed25519.Verify(public, text, sig)
		}
	})
	verify := review.Signatures(public)
	b.Run("multiples", func(b *testing.B) {
		for b.Loop() {
			verify(text, sig)
		}
	})
}

// forge changes the signature of the commit of a record, and its checksum to it.
func forge(t *testing.T, b []byte, record uint64, at int) []byte {
	t.Helper()
	_, _, start, err := tlog.ParseSegmentHeader(b)
	if err != nil {
		t.Fatal(err)
	}
	out := bytes.Clone(b[:start])
	for rest := b[start:]; len(rest) > 0; {
		f, n, err := tlog.ParseFrame(rest)
		if err != nil {
			t.Fatal(err)
		}
		if f.First == record {
			signed := bytes.Clone(f.Note)
			c := &signed[len(signed)-1-92+at]
			if *c == 'A' {
				*c = 'B'
			} else {
				*c = 'A'
			}
			out = tlog.AppendFrame(out, f.First, f.Entries, signed)
		} else {
			out = append(out, rest[:n]...)
		}
		rest = rest[n:]
	}
	return out
}

// TestVerify_ForgedSignature forges that of one commit among many: at once or
// later, it is the one that is named.
func TestVerify_ForgedSignature(t *testing.T) {
	const commits = 1000
	dir := t.TempDir()
	write(t, dir, commits, 1<<30)
	c := config(t, dir)
	name := filepath.Join(c.Dir, "segments", "00000000000000000000.seg")
	whole, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	for _, commit := range []uint64{0, 256, 700, commits - 2} {
		for _, at := range []int{10, 70} { // R, and the end of S
			b := forge(t, whole, 3*commit, at)
			for _, more := range []uint64{0, 1} { // and another later
				if more > 0 {
					b = forge(t, b, 3*(commit+1), 3) // the id of the key: seen at once
				}
				if err := os.WriteFile(name, b, 0o600); err != nil {
					t.Fatal(err)
				}
				_, err := review.Verify(t.Context(), c)
				var bad *review.BadError
				if !errors.As(err, &bad) || bad.Index != 3*commit || bad.File != "segments/00000000000000000000.seg" {
					t.Errorf("commit %d, %d: %v", commit, at, err)
				}
			}
		}
	}
}
