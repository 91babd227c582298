package probe

import (
	"bytes"
	"context"
	"errors"
	"html"
	"strings"

	"github.com/leadglass/leadglass/internal/product"
)

// OpenSite finds out whether the port speaks HTTP, in the clear or within TLS,
// and asks for its first page. ok is false where it does neither; class says
// what it is then, as far as that showed. An error means that the run was ended.
func (a *Asker) OpenSite(ctx context.Context, t Target) (s *Site, class Class, err error) {
	promised := false // the service said that it wants TLS
	for i, https := range likely(t.Port) {
		if i > 1 && !promised {
			break
		}
		s := &Site{
			Facts: &HTTP{Port: t.Port, HTTPS: https}, asker: a, target: t, limits: a.Limits.orDefault(),
		}
		err := banner(ctx, s)
		promised = err == nil && wantsTLS(s)
		if err == nil && !promised {
			return s, OtherService, nil
		}
		s.Close()
		var no *unreachable
		switch {
		case ctx.Err() != nil:
			return nil, "", ctx.Err()
		case errors.As(err, &no):
			return nil, unconnected(err), nil
		case timedOut(err):
			class = Timeout
		default:
			class = OtherService
		}
	}
	return nil, class, nil
}

// likely is the order to try: ports that end in 443 are meant for TLS, and once
// more where a slow handshake was given up and HTTP is answered by asking for it.
func likely(port uint16) []bool {
	if port%1000 == 443 {
		return []bool{true, false, true}
	}
	return []bool{false, true}
}

// wantsTLS recognises what servers say to HTTP on a port of HTTPS.
func wantsTLS(s *Site) bool {
	p := s.Pages[0]
	return !s.Facts.HTTPS && p.Status == 400 &&
		(bytes.Contains(p.Body, []byte("HTTPS")) || bytes.Contains(p.Body, []byte("TLS")))
}

// banner asks for the first page; its header names the server. A second one,
// that cannot exist, shows how the service says no.
func banner(ctx context.Context, s *Site) error {
	if _, err := s.visit(ctx, "/"); err != nil {
		return err
	}
	s.Facts.Status = s.Pages[0].Status
	uid, err := s.asker.Invent.UID()
	if err != nil {
		return err
	}
	s.nowhere, err = s.page(ctx, "/"+string(uid), anything)
	if err != nil && ctx.Err() == nil {
		s.nowhere = product.Page{}
		return nil // one page is enough to be a web service
	}
	return err
}

// title is the text of a page's title element, without markup.
func title(page []byte) string {
	lower := asciiLower(page)
	i := bytes.Index(lower, []byte("<title"))
	if i < 0 {
		return ""
	}
	open := bytes.IndexByte(lower[i:], '>')
	if open < 0 {
		return ""
	}
	text := page[i+open+1:]
	if end := bytes.IndexByte(text, '<'); end >= 0 {
		text = text[:end]
	}
	const longest = 200
	return strings.TrimSpace(html.UnescapeString(string(text[:min(len(text), longest)])))
}

// asciiLower keeps the length, which bytes.ToLower does not.
func asciiLower(b []byte) []byte {
	lower := bytes.Clone(b)
	for i, c := range lower {
		if 'A' <= c && c <= 'Z' {
			lower[i] = c + 'a' - 'A'
		}
	}
	return lower
}

// login says whether a page asks for credentials before it shows anything.
func login(p product.Page) bool {
	if p.Status == 401 || p.Status == 403 || p.Status == 407 {
		return true
	}
	lower := bytes.ToLower(p.Body)
	for _, mark := range []string{
		`type="password"`, `type='password'`, `type=password`, `name="password"`, `j_security_check`,
		`/protocol/openid-connect/`, `/oauth2/authorize`,
	} {
		if bytes.Contains(lower, []byte(mark)) {
			return true
		}
	}
	path := strings.ToLower(p.Path)
	return strings.Contains(path, "login") || strings.Contains(path, "signin") || strings.Contains(path, "logon")
}

// real says whether a page is one, and not how this service says that there is
// none.
func (s *Site) real(p product.Page) bool {
	if p.Status != 200 {
		return false
	}
	return s.nowhere.Status != 200 || !bytes.Equal(p.Body, s.nowhere.Body)
}
