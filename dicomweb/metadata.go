package dicomweb

import (
	"io"
	"strconv"
	"strings"

	"github.com/klauspost/compress/gzip"

	"github.com/leadglass/leadglass/dicom"
)

// flushBytes is how much of an answer in JSON is gathered before it is written.
const flushBytes = 128 << 10

// metadata answers with the attributes of each instance, those with bulk data
// by URI (PS3.18 section 10.4.1.1.2).
func (x *exchange) metadata() error {
	if err := x.acceptJSON(); err != nil {
		return err
	}
	t, list, err := x.begin(Retrieval{Resource: x.target.res, Want: WantMetadata})
	if err != nil {
		return err
	}
	defer x.end(t)
	buf := x.pools.buffer()
	defer x.pools.putBuffer(buf)
	j := &jsonArray{x: x, t: t, body: append((*buf)[:0], '[')}
	for i, o := range list {
		if i > 0 {
			j.body = append(j.body, ',')
		}
		before := len(j.body)
		if j.body, err = x.appendMetadata(j.body, o); err != nil {
			t.Failed(o, 0)
			return j.fail(err)
		}
		j.waiting = append(j.waiting, written{o, int64(len(j.body) - before)})
		if len(j.body) >= flushBytes {
			j.flush()
		}
	}
	j.close()
	*buf = j.body
	return nil
}

// appendMetadata appends the data set of an instance.
func (x *exchange) appendMetadata(dst []byte, o *Object) ([]byte, error) {
	c, err := o.Open(x.ctx)
	if err != nil {
		return dst, err
	}
	defer c.Close()
	d, err := x.header(c)
	if err != nil {
		return dst, wrap("reading a stored instance", err)
	}
	path, err := o.Resource.path()
	if err != nil {
		return dst, wrap("naming bulk data", err)
	}
	uri := bulkURI{prefix: x.base + path + "/bulkdata/", longest: x.lim.InlineBytes}
	return dicom.AppendJSON(dst, d, dicom.JSONOptions{BulkURI: uri.of}), nil
}

// header reads a stored file up to its pixel data, of which an element with a
// value of no meaning says that they are there.
func (x *exchange) header(c io.Reader) (*dicom.Dataset, error) {
	_, r, err := dicom.Open(c, dicom.Options{StopBefore: dicom.PixelData, Limits: x.lim.stored()})
	if err != nil {
		return nil, err
	}
	d, err := r.Decode()
	if err != nil {
		return nil, err
	}
	r.Resume()
	if v, err := r.Next(); err == nil && v.Tag == dicom.PixelData {
		vr := v.VR
		if vr == dicom.SQ || vr == 0 {
			vr = dicom.OB
		}
		d.Set(dicom.Element{Tag: dicom.PixelData, VR: vr, Value: []byte{0, 0}})
	}
	return d, nil
}

// stored are the limits of an instance that was stored within them.
func (l Limits) stored() dicom.Limits { return dicom.Limits{DatasetBytes: l.ObjectBytes} }

// bulkURI names bulk data as parsePath reads it.
type bulkURI struct {
	prefix  string
	longest int64
}

func (u bulkURI) of(at dicom.Path, e *dicom.Element) string {
	if e.Tag != dicom.PixelData && (int64(len(e.Value)) <= u.longest || !binaryVR(e.VR)) {
		return ""
	}
	var b strings.Builder
	b.WriteString(u.prefix)
	for _, s := range at {
		writeTag(&b, s.Tag)
		b.WriteByte('/')
		b.WriteString(strconv.Itoa(s.Item))
		b.WriteByte('/')
	}
	writeTag(&b, e.Tag)
	return b.String()
}

func writeTag(b *strings.Builder, t dicom.Tag) {
	for shift := 28; shift >= 0; shift -= 4 {
		b.WriteByte("0123456789ABCDEF"[t>>shift&0xF])
	}
}

// binaryVR says whether values of the VR are bytes (PS3.18 section F.2.6).
func binaryVR(vr dicom.VR) bool {
	switch vr {
	case dicom.OB, dicom.OD, dicom.OF, dicom.OL, dicom.OV, dicom.OW, dicom.UN:
		return true
	}
	return false
}

// jsonArray is an answer in JSON that is written piece by piece.
type jsonArray struct {
	x       *exchange
	t       Transfer
	body    []byte
	waiting []written
	w       io.Writer // nil before the first piece
	zip     *gzip.Writer
}

// written is an object that is in the body and not yet on its way.
type written struct {
	o     *Object
	bytes int64
}

// flush writes what was gathered.
func (j *jsonArray) flush() {
	if j.w == nil {
		j.begin()
	}
	if !j.x.head() {
		if _, err := j.w.Write(j.body); err != nil {
			j.drop()
			j.x.broken(&goneError{err})
		}
		for _, w := range j.waiting {
			j.t.Sent(w.o, w.bytes)
		}
		j.waiting = j.waiting[:0]
	}
	j.drop()
	j.body = j.body[:0]
}

func (j *jsonArray) begin() {
	h := j.x.w.Header()
	h.Set("Content-Type", typeJSON)
	h.Add("Vary", "Accept, Accept-Encoding")
	j.w = j.x.out()
	if gzipped(j.x.r) && !j.x.head() {
		h.Set("Content-Encoding", "gzip")
		j.zip = j.x.pools.gzip(j.w)
		j.w = j.zip
	}
}

// drop counts as failed what was gathered and does not go out.
func (j *jsonArray) drop() {
	for _, w := range j.waiting {
		j.t.Failed(w.o, 0)
	}
	j.waiting = j.waiting[:0]
}

// fail ends the answer: by a status where none has gone.
func (j *jsonArray) fail(err error) error {
	j.drop()
	if j.w != nil {
		j.x.broken(err)
	}
	return err
}

// close ends the array and the answer.
func (j *jsonArray) close() {
	j.body = append(j.body, ']')
	if j.w == nil && !gzipped(j.x.r) {
		j.x.w.Header().Set("Content-Length", strconv.Itoa(len(j.body)))
	}
	j.flush()
	if j.zip != nil {
		if err := j.zip.Close(); err != nil {
			j.x.broken(&goneError{err})
		}
		j.x.pools.putGzip(j.zip)
	}
}
