package dicomweb

import "io"

// ReadParts is the reader of multipart bodies.
func ReadParts(r io.Reader, boundary string, lim Limits, each func(*Part) error) (int, error) {
	return readParts(r, boundary, lim.orDefault(), each)
}
