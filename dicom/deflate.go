package dicom

import (
	"compress/flate"
	"io"
)

// inflated reads a deflated data set (PS3.5 section A.5), which has no zlib
// header, and stops a bomb.
type inflated struct {
	r     io.Reader
	left  int64
	limit int64
}

func inflate(r io.Reader, limit int64) io.Reader {
	return &inflated{flate.NewReader(r), limit, limit}
}

func (d *inflated) Read(p []byte) (int, error) {
	if int64(len(p)) > d.left {
		p = p[:d.left+1] // one more, to tell the end from a crossing
	}
	n, err := d.r.Read(p)
	if d.left -= int64(n); d.left < 0 {
		return 0, &LimitError{"inflated_bytes", d.limit}
	}
	return n, err
}

// deflater writes a deflated data set, padded to even length by a zero byte
// after the end of the stream (PS3.5 section A.5).
type deflater struct {
	*flate.Writer
	out counter
}

type counter struct {
	w io.Writer
	n int64
}

func (c *counter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += int64(n)
	return n, err
}

func newDeflater(w io.Writer) *deflater {
	z := &deflater{out: counter{w: w}}
	z.Writer, _ = flate.NewWriter(&z.out, flate.DefaultCompression) // fails on a wrong level only
	return z
}

func (z *deflater) Close() error {
	if err := z.Writer.Close(); err != nil || z.out.n%2 == 0 {
		return err
	}
	_, err := z.out.Write([]byte{0})
	return err
}
