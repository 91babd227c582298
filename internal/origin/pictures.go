package origin

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"runtime"
	"strings"

	"github.com/leadglass/leadglass"
	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/dicom/pixel"
	"github.com/leadglass/leadglass/dicomweb"
	"github.com/leadglass/leadglass/internal/render"
)

// Pictures renders instances for Config.Render.
type Pictures struct {
	lim   render.Limits
	slots chan struct{} // a token for each picture that is being made
}

// NewPictures returns a renderer that makes at most parallel pictures at once, 0
// for one a processor: each may hold a decoded frame in memory.
func NewPictures(lim render.Limits, parallel int) *Pictures {
	if parallel <= 0 {
		parallel = runtime.GOMAXPROCS(0)
	}
	return &Pictures{lim: lim, slots: make(chan struct{}, parallel)}
}

// Render makes a picture of an instance, with who it is for where the policy obliges
// to a watermark.
func (p *Pictures) Render(ctx context.Context, o *dicomweb.Object, c dicomweb.Content, rd dicomweb.Rendering) ([]byte, error) {
	select {
	case p.slots <- struct{}{}:
		defer func() { <-p.slots }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	m, err := render.Frame(ctx, c, o.Size, render.Options{
		Frame: rd.Frame, Thumbnail: rd.Thumbnail, Width: rd.Width, Height: rd.Height, Source: rd.Source, Region: rd.Region,
		Window: render.Window{Center: rd.Window.Center, Width: rd.Window.Width, Function: render.Function(rd.Window.Function)},
		Limits: p.lim,
	})
	if err != nil {
		return nil, unpictured(err)
	}
	if k, ok := o.Of.(*kept); ok && k.mark != "" {
		m = render.Mark(m, k.mark)
	}
	var b bytes.Buffer
	if err := render.Encode(&b, m, render.MediaType(rd.MediaType), rd.Quality); err != nil {
		return nil, unpictured(err)
	}
	return b.Bytes(), nil
}

// unpictured is what a peer is told: 406 with the reason where no picture can be
// made of the instance (PS3.18 section 10.4.3), 404 where the frame is not there.
func unpictured(err error) error {
	var broken *pixel.CorruptError
	var syntax *dicom.SyntaxError
	p := &dicomweb.Problem{HTTP: http.StatusNotAcceptable, Err: err}
	switch code := leadglass.CodeOf(err); {
	case errors.As(err, &broken), errors.As(err, &syntax):
		p.Detail = "the pixel data of the instance are damaged"
	case code == leadglass.NotFound:
		p.HTTP, p.Err = http.StatusNotFound, nil
	case code == leadglass.Invalid:
		p.HTTP, p.Detail = http.StatusBadRequest, reason(err)
	case code == leadglass.Unsupported, code == leadglass.Limited:
		p.Detail = reason(err)
	default:
		return err
	}
	return p
}

// reason is an error without the names of packages.
func reason(err error) string {
	s := strings.TrimPrefix(err.Error(), "render: ")
	return strings.TrimPrefix(strings.TrimPrefix(s, "pixel: "), "dicom: ")
}
