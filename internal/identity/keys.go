package identity

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/go-jose/go-jose/v4"

	"github.com/leadglass/leadglass"
)

// keys are those that an issuer signs with. It is an oidc.KeySet that asks no more
// often than it must, whatever tokens are shown to us, and lives on with what it has
// while the issuer does not answer.
type keys struct {
	issuer      Issuer
	http        *http.Client
	now         func() time.Time
	lim         Limits
	diagnostics *slog.Logger
	algs        []jose.SignatureAlgorithm

	mu      sync.Mutex // covers what follows
	have    []jose.JSONWebKey
	fetched time.Time     // when have came
	tried   time.Time     // when they were asked for last
	asking  chan struct{} // closed when the answer is there; nil where nobody asks
	problem error         // of the last time
}

func newKeys(is Issuer, c Config, lim Limits) (*keys, error) {
	k := &keys{issuer: is, http: c.HTTP, now: c.Now, lim: lim, diagnostics: c.Diagnostics}
	for _, a := range algorithms() { // which of them, the verifier has checked
		k.algs = append(k.algs, jose.SignatureAlgorithm(a))
	}
	if k.http == nil {
		k.http = newClient(lim)
	}
	if len(is.Keys) > 0 {
		have, err := parseKeys(is.Keys, lim)
		if err != nil {
			return nil, leadglass.Errorf(leadglass.Invalid, "identity: the keys of issuer %q: %w", is.URL, err)
		}
		k.have = have
	}
	return k, nil
}

// newClient reaches issuers: no proxy of the environment, no cookies.
func newClient(lim Limits) *http.Client {
	return &http.Client{
		Transport: &http.Transport{
			DialContext:         (&net.Dialer{Timeout: lim.IssuerTime}).DialContext,
			TLSHandshakeTimeout: lim.IssuerTime,
			ForceAttemptHTTP2:   true,
			MaxIdleConns:        4,
			IdleConnTimeout:     time.Minute,
		},
	}
}

func redirect(rq *http.Request, via []*http.Request) error {
	if len(via) > 3 || !safe(rq.URL) || via[0].URL.Scheme == "https" && rq.URL.Scheme != "https" {
		return errors.New("redirected where nobody is believed")
	}
	return nil
}

var errSignature = errors.New("no key of the issuer fits the signature")

// VerifySignature returns the claims that a key of the issuer signed.
func (k *keys) VerifySignature(ctx context.Context, token string) ([]byte, error) {
	jws, err := jose.ParseSigned(token, k.algs)
	if err != nil {
		return nil, err
	}
	for _, unknown := range []bool{false, true} {
		have, err := k.current(ctx, unknown)
		if err != nil {
			if tell, ok := ctx.Value(unavailableKey{}).(*error); ok {
				*tell = err
			}
			return nil, err
		}
		if payload, known := k.try(jws, have); payload != nil {
			return payload, nil
		} else if known {
			break
		}
	}
	return nil, errSignature
}

// try looks for the key that a signature names. known says that there is one: where
// it does not fit, asking again would not help. A signature that names none is tried
// with all; a new key of an issuer without names comes with age.
func (k *keys) try(jws *jose.JSONWebSignature, have []jose.JSONWebKey) (payload []byte, known bool) {
	header := jws.Signatures[0].Header
	for i := range have {
		key := &have[i]
		if header.KeyID != "" && key.KeyID != header.KeyID || key.Algorithm != "" && key.Algorithm != header.Algorithm {
			continue
		}
		known = true
		if payload, err := jws.Verify(key.Key); err == nil {
			return payload, true
		}
	}
	return nil, known
}

// current returns the keys, and asks for them where they are old, or unknown is set
// and they were not asked for just now. While somebody asks, those who need no new
// ones go on with what there is.
func (k *keys) current(ctx context.Context, unknown bool) ([]jose.JSONWebKey, error) {
	k.mu.Lock()
	now := k.now()
	age := now.Sub(k.fetched)
	stale := len(k.have) == 0 || age > k.lim.KeysStale
	ask := unknown || stale || age > k.lim.KeysFresh
	switch {
	case len(k.issuer.Keys) > 0, !ask, k.asking != nil && !unknown && !stale:
	case k.asking != nil:
		wait := k.asking
		k.mu.Unlock()
		select {
		case <-wait:
		case <-ctx.Done():
			return nil, leadglass.Errorf(leadglass.Unavailable, "identity: waiting for the keys of %q: %w", k.issuer.URL, context.Cause(ctx))
		}
		k.mu.Lock()
	case k.tried.IsZero() || now.Sub(k.tried) >= k.lim.FetchInterval || now.Before(k.tried):
		k.ask(ctx, now)
	}
	defer k.mu.Unlock()
	if len(k.issuer.Keys) == 0 && (len(k.have) == 0 || k.now().Sub(k.fetched) > k.lim.KeysStale) {
		return nil, leadglass.Errorf(leadglass.Unavailable, "identity: there are no keys of %q: %w", k.issuer.URL, k.problem)
	}
	return k.have, nil
}

// ask fetches the keys. k.mu is held when it begins and when it ends, not between.
// Who asked may go away: the answer is for all.
func (k *keys) ask(ctx context.Context, now time.Time) {
	k.tried, k.asking = now, make(chan struct{})
	k.mu.Unlock()
	have, err := k.fetch(context.WithoutCancel(ctx))
	k.mu.Lock()
	close(k.asking)
	k.asking = nil
	if err == nil {
		k.have, k.fetched = have, now
	} else {
		k.diagnostics.Warn("the keys of an issuer cannot be fetched; those from before go on", "issuer", k.issuer.URL, "error", err)
	}
	k.problem = err
}

// fetch asks for the discovery document, whose issuer must be the one that is
// configured, and for the keys that it names.
func (k *keys) fetch(ctx context.Context) ([]jose.JSONWebKey, error) {
	ctx, cancel := context.WithTimeout(ctx, k.lim.IssuerTime)
	defer cancel()
	client := *k.http
	client.CheckRedirect = redirect
	client.Transport = bounded{k.http.Transport, int64(k.lim.IssuerBytes)}
	provider, err := oidc.NewProvider(oidc.ClientContext(ctx, &client), k.issuer.URL)
	if err != nil {
		return nil, err
	}
	var document struct {
		Keys string `json:"jwks_uri"`
	}
	if err := provider.Claims(&document); err != nil {
		return nil, err
	}
	u, err := url.Parse(document.Keys)
	if err != nil || !safe(u) {
		return nil, fmt.Errorf("keys at %q, which is no https URL", document.Keys)
	}
	text, err := get(ctx, &client, document.Keys)
	if err != nil {
		return nil, err
	}
	return parseKeys(text, k.lim)
}

func get(ctx context.Context, client *http.Client, from string) ([]byte, error) {
	rq, err := http.NewRequestWithContext(ctx, http.MethodGet, from, nil)
	if err != nil {
		return nil, err
	}
	rsp, err := client.Do(rq)
	if err != nil {
		return nil, err
	}
	defer rsp.Body.Close()
	if rsp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%q answers %s", from, rsp.Status)
	}
	return io.ReadAll(rsp.Body)
}

// bounded lets no answer be longer than a limit.
type bounded struct {
	next http.RoundTripper
	most int64
}

func (b bounded) RoundTrip(rq *http.Request) (*http.Response, error) {
	next := b.next
	if next == nil {
		next = http.DefaultTransport
	}
	rsp, err := next.RoundTrip(rq)
	if err != nil {
		return nil, err
	}
	rsp.Body = &boundedBody{rsp.Body, b.most}
	return rsp, nil
}

type boundedBody struct {
	io.ReadCloser
	left int64
}

func (b *boundedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return 0, errors.New("identity: the answer of an issuer is too long")
	}
	return n, err
}

// parseKeys reads a key set. Keys of kinds that we do not know are left out (RFC 7517
// section 5), and so are those that are not for signatures, too weak, or secret.
func parseKeys(text []byte, lim Limits) ([]jose.JSONWebKey, error) {
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal(text, &set); err != nil {
		return nil, fmt.Errorf("reading keys: %w", err)
	}
	var all []jose.JSONWebKey
	for _, raw := range set.Keys {
		var key jose.JSONWebKey
		if err := json.Unmarshal(raw, &key); err == nil && signs(&key) {
			all = append(all, key)
		}
		if len(all) > lim.IssuerKeys {
			return nil, fmt.Errorf("reading keys: more than %d", lim.IssuerKeys)
		}
	}
	if len(all) == 0 {
		return nil, errors.New("reading keys: there is none that signs")
	}
	return all, nil
}

func signs(key *jose.JSONWebKey) bool {
	if key.Use != "" && key.Use != "sig" || !key.Valid() {
		return false
	}
	switch public := key.Key.(type) {
	case *rsa.PublicKey:
		return public.N.BitLen() >= 2048 // RFC 7518 section 3.3
	case *ecdsa.PublicKey, ed25519.PublicKey:
		return true
	}
	return false
}
