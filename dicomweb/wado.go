package dicomweb

import (
	"context"
	"errors"
	"io"
	"net/http"

	"github.com/leadglass/leadglass/dicom"
)

// Resource names what is retrieved: a study, a series of it, or an instance of
// that (PS3.18 section 10.4.1.1). Those below are empty.
type Resource struct {
	Study    dicom.UID
	Series   dicom.UID
	Instance dicom.UID
}

func (r Resource) path() (string, error) {
	if r.Study == "" || r.Instance != "" && r.Series == "" {
		return "", errors.New("the study, or the series of an instance, is not named")
	}
	path := ""
	for _, part := range []struct {
		name string
		uid  dicom.UID
	}{{"/studies/", r.Study}, {"/series/", r.Series}, {"/instances/", r.Instance}} {
		if part.uid == "" {
			continue
		}
		if !part.uid.Valid() {
			return "", errNoUID
		}
		path += part.name + string(part.uid)
	}
	return path, nil
}

// String names the kind of the resource, not which.
func (r Resource) String() string {
	switch {
	case r.Instance != "":
		return "an instance"
	case r.Series != "":
		return "a series"
	}
	return "a study"
}

// Metadata shows the data set of each instance of the resource without its
// bulk data (PS3.18 section 10.4.1.1.2), as Search does.
func (c *Client) Metadata(ctx context.Context, r Resource, each func(*dicom.Dataset) error) (int, error) {
	doing := "retrieving the metadata of " + r.String()
	path, err := r.path()
	if err != nil {
		return 0, wrap(doing, err)
	}
	a, err := c.get(ctx, path+"/metadata", "", acceptJSON)
	if err != nil {
		return 0, wrap(doing, err)
	}
	defer a.body.Close()
	n, err := c.datasets(a, each)
	if err == dicom.ErrStop {
		err = nil
	}
	return n, wrap(doing, err)
}

// Objects in any transfer syntax, as they are stored (PS3.18 section 8.7.3.5.2).
const acceptObjects = `multipart/related; type="application/dicom"; transfer-syntax=*`

// Status asks for the objects of the resource and returns only the HTTP status
// of the answer: the body is not read. An error is one of the network, or a
// redirect to another server.
func (c *Client) Status(ctx context.Context, r Resource) (int, error) {
	doing := "asking for " + r.String()
	path, err := r.path()
	if err != nil {
		return 0, wrap(doing, err)
	}
	a, err := c.get(ctx, path, "", acceptObjects)
	var p *Problem
	if errors.As(err, &p) {
		return p.HTTP, nil
	}
	if err != nil {
		return 0, wrap(doing, err)
	}
	return a.status, a.body.Close()
}

// Retrieve shows each object of the resource to each, as it comes (PS3.18
// section 10.4). What each does not read of an object is left out. An error of
// each ends the retrieve and is returned, dicom.ErrStop as nil. It returns how
// many objects it showed.
func (c *Client) Retrieve(ctx context.Context, r Resource, each func(*Part) error) (int, error) {
	doing := "retrieving " + r.String()
	path, err := r.path()
	if err != nil {
		return 0, wrap(doing, err)
	}
	a, err := c.get(ctx, path, "", acceptObjects)
	if err != nil {
		return 0, wrap(doing, err)
	}
	defer a.body.Close()
	if a.status == http.StatusNoContent {
		return 0, nil
	}
	n, err := c.parts(a, each)
	if err == dicom.ErrStop {
		err = nil
	}
	return n, wrap(doing, err)
}

func (c *Client) parts(a *answer, each func(*Part) error) (int, error) {
	switch a.mediaType {
	case "multipart/related":
		return readParts(a.body, a.params["boundary"], c.lim, each)
	case "application/dicom": // one object that the server did not wrap
		part := newPart(map[string]string{"content-type": a.header.Get("Content-Type")}, a.body, c.lim)
		err := each(part)
		if err == nil { // what is left counts against the limits too
			_, err = io.Copy(io.Discard, part)
		}
		return 1, err
	}
	return 0, &MediaTypeError{a.mediaType}
}
