package probe

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/leadglass/leadglass/dicomweb"
	"github.com/leadglass/leadglass/dimse"
	"github.com/leadglass/leadglass/ul"
)

// Pause waits until one more request may be sent.
func (d *Dialogue) Pause(ctx context.Context) error { return d.asker.Network.Pause(ctx) }

// Counting is an association for package census, whose budget bounds it.
type Counting struct {
	*dimse.Client
	assoc *ul.Assoc
	wait  func() (context.Context, context.CancelFunc)
}

// Counting opens an association with the two find contexts.
func (d *Dialogue) Counting(ctx context.Context) (*Counting, error) {
	conn, err := d.asker.dial(ctx, d.target)
	if err != nil {
		return nil, fmt.Errorf("probe: connecting to count: %w", err)
	}
	calling, called := d.asker.pair()
	a, err := d.asker.request(ctx, conn, d, calling, called, propose(dimse.StudyRootFind, dimse.PatientRootFind))
	if err != nil {
		return nil, err
	}
	return &Counting{
		Client: dimse.NewClient(a, dimse.Limits{Responses: -1}),
		assoc:  a,
		wait: func() (context.Context, context.CancelFunc) {
			return context.WithTimeout(context.WithoutCancel(ctx), d.asker.Network.Timeout)
		},
	}, nil
}

// Close releases the association.
func (c *Counting) Close() {
	ctx, cancel := c.wait()
	defer cancel()
	if c.assoc.Release(ctx) != nil {
		c.assoc.Abort(0)
	}
}

// Counting returns a client of the QIDO-RS service that was found, for package
// census, whose budget bounds it. It waits for its turn before each request.
// Whoever asked for it closes the site again.
func (s *Site) Counting() (*dicomweb.Client, error) {
	if !s.Facts.QIDO {
		return nil, errors.New("probe: no QIDO-RS to count by")
	}
	s.unhurried = true
	s.limits.BodyBytes = or(-1, 0)
	c, err := dicomweb.NewClient(s.scheme()+"://"+s.target.host()+s.Facts.QIDOBase, dicomweb.Options{
		HTTP: &http.Client{Transport: s},
		// Pages of a thousand studies take their time to make.
		Limits: dicomweb.Limits{Idle: patience * s.asker.Network.Timeout},
	})
	if err != nil {
		return nil, fmt.Errorf("probe: counting by QIDO-RS: %w", err)
	}
	return c, nil
}

// RoundTrip implements http.RoundTripper. Requests that are not GET, or go
// anywhere else, fail without being sent.
func (s *Site) RoundTrip(rq *http.Request) (*http.Response, error) {
	switch {
	case rq.Method != http.MethodGet || rq.Body != nil && rq.Body != http.NoBody:
		return nil, errors.New("probe: a survey sends GET and nothing else")
	case rq.URL.Scheme != s.scheme() || rq.URL.Host != s.target.host():
		return nil, errors.New("probe: a survey does not leave the service")
	}
	return s.send(rq.Context(), rq.URL.RequestURI(), rq.Header)
}
