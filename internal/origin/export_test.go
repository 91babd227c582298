package origin

import (
	"context"
	"iter"
	"net/http"
	"net/http/httptest"

	"github.com/leadglass/leadglass"
	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/dicomweb"
	"github.com/leadglass/leadglass/internal/guard"
)

func StatusOf(c leadglass.Code) int { return statusOf(c) }

func ProblemOf(err error) error { return problemOf(err) }

// GuardForTest is what stands behind.
func (h *Handler) GuardForTest() *guard.Guard { return h.c.Guard }

// Remembered is how many addresses are remembered for their failures.
func (h *Handler) Remembered() int { return len(h.passwords.until) }

// Identified is who asks and why, nobody where it is refused.
func (h *Handler) Identified(r *http.Request) (*leadglass.Peer, leadglass.Purpose, leadglass.Declaration) {
	c := &caller{}
	if !h.identify(httptest.NewRecorder(), r, c) {
		return nil, "", ""
	}
	return c.peer, c.purpose, c.declared
}

// QueryForTest is what the guard is asked for a search.
func (h *Handler) QueryForTest(path string) (q *leadglass.Query, err error) {
	s := asked{&q, &err}
	web := http.StripPrefix(Base, dicomweb.NewHandler(s, dicomweb.HandlerOptions{}))
	web.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", path, nil))
	return q, err
}

type asked struct {
	q   **leadglass.Query
	err *error
}

func (a asked) Search(_ context.Context, q dicomweb.Query) iter.Seq2[*dicom.Dataset, error] {
	*a.q, *a.err = queryOf(q)
	return func(func(*dicom.Dataset, error) bool) {}
}
