package serve_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/binary"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/leadglass/leadglass/ul"
)

// pdu is a PDU with any length field.
func pdu(kind byte, length uint32, body ...byte) []byte {
	return append(binary.BigEndian.AppendUint32([]byte{kind, 0}, length), body...)
}

// pdv is a P-DATA-TF with one value.
func pdv(context, flags byte, data []byte) []byte {
	value := append(binary.BigEndian.AppendUint32(nil, uint32(len(data)+2)), context, flags)
	return pdu(4, uint32(len(value)+len(data)), append(value, data...)...)
}

// TestHostile_PDU: what is no DICOM ends the association, soon and without harm.
func TestHostile_PDU(t *testing.T) {
	b := besiege(t, nil)
	lies := func(group uint32, elements ...byte) []byte { // a command set that begins so
		head := []byte{0, 0, 0, 0, 4, 0, 0, 0}
		return pdv(1, 3, append(binary.LittleEndian.AppendUint32(head, group), elements...))
	}
	var all sync.WaitGroup
	for name, c := range map[string]struct {
		associated bool
		send       []byte
	}{
		"associate_of_4_GB": {false, pdu(1, 0xFFFFFFFF, make([]byte, 1000)...)},
		"no_such_PDU":       {false, pdu(99, 4, 0, 0, 0, 0)},
		"data_before":       {false, pdv(1, 3, make([]byte, 100))},
		"no_DICOM":          {false, []byte("GET / HTTP/1.1\r\nHost: x\r\n\r\n")},
		"data_of_4_GB":      {true, pdu(4, 0xFFFFFFFF, make([]byte, 1000)...)},
		"value_past_PDU":    {true, pdu(4, 6, 0xFF, 0xFF, 0xFF, 0xFF, 1, 3)},
		"value_of_nothing":  {true, pdu(4, 4, 0, 0, 0, 0)},
		"second_associate":  {true, pdu(1, 68, make([]byte, 68)...)},
		"other_context":     {true, pdv(255, 3, make([]byte, 100))},
		"endless_command":   {true, bytes.Repeat(pdv(1, 1, make([]byte, 1000)), 64)},
		"data_first":        {true, pdv(1, 2, make([]byte, 100))},
		"group_of_4_GB":     {true, lies(0xFFFFFFFF, 0, 0, 0, 1, 2, 0, 0, 0, 0x30, 0)},
		"element_of_4_GB":   {true, lies(12, 0, 0, 0, 1, 0xFF, 0xFF, 0xFF, 0xFF, 0x30, 0)},
		"no_field":          {true, lies(0)},
		"garbage":           {true, pdv(1, 3, bytes.Repeat([]byte{0xAA}, 500))},
		"response_unasked":  {true, lies(10, 0, 0, 0, 1, 2, 0, 0, 0, 0x30, 0x80)},
	} {
		all.Go(func() {
			answer, err := b.sendPDU(c.associated, c.send)
			if e, ok := err.(interface{ Timeout() bool }); ok && e.Timeout() || len(answer) > 100 {
				t.Errorf("%s: %v after %d bytes", name, err, len(answer))
			}
		})
	}
	all.Wait()
	b.unharmed()
}

// sendPDU sends bytes, before an association or on one, and returns what comes until
// the archive ends the connection.
func (b *besieged) sendPDU(associated bool, send []byte) ([]byte, error) {
	conn, err := tls.Dial("tcp", b.dimse, b.ct1)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	if associated {
		if _, err := ul.Client(context.Background(), conn, ask("CT1"), nil); err != nil {
			return nil, err
		}
	}
	_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
	_, _ = conn.Write(send) // it may be cut off before all of it is there
	return io.ReadAll(conn)
}

// TestHostile_Associations: thousands one after the other leave nothing behind. The
// default is 200; LONG=1 and INTEROP=1 have 10,000.
func TestHostile_Associations(t *testing.T) {
	b := besiege(t, nil)
	n := 200
	if thorough() {
		n = 10_000
	}
	for i := range n {
		a, err := ul.Dial(t.Context(), b.dimse, ask("CT1"), &ul.Config{TLS: b.ct1})
		if err != nil {
			t.Fatal(err)
		}
		if i%2 == 0 {
			err = a.Release(t.Context())
		} else {
			err = a.Abort(0)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	b.unharmed()
}

// TestHostile_Bodies: what STOW-RS is sent that is no object, or no end of it, is
// refused without being held.
func TestHostile_Bodies(t *testing.T) {
	b := besiege(t, nil)
	const dicom, json = `multipart/related; type="application/dicom"; boundary=x`, `multipart/related; type="application/dicom+json"; boundary=x`
	part := "--x\r\nContent-Type: application/dicom\r\n\r\n"
	long, parts := int64(4<<20), 1000
	if thorough() {
		long, parts = 64<<20, 100_000
	}
	jsonPart := "--x\r\nContent-Type: application/dicom+json\r\n\r\n"
	for name, c := range map[string]struct {
		media string
		body  io.Reader
	}{
		"no_type":       {"", strings.NewReader("x")},
		"text":          {"text/plain", strings.NewReader("x")},
		"no_boundary":   {`multipart/related; type="application/dicom"`, strings.NewReader(part)},
		"long_boundary": {`multipart/related; type="application/dicom"; boundary=` + strings.Repeat("x", 1000), strings.NewReader(part)},
		"empty":         {dicom, strings.NewReader("")},
		"preamble":      {dicom, io.LimitReader(forever('a'), long)},
		"header":        {dicom, io.MultiReader(strings.NewReader("--x\r\nX: "), io.LimitReader(forever('a'), long))},
		"no_DICOM":      {dicom, io.MultiReader(strings.NewReader(part), io.LimitReader(forever('a'), long))},
		"empty_parts":   {dicom, strings.NewReader(strings.Repeat(part+"\r\n", parts) + "--x--\r\n")},
		"zip":           {dicom, strings.NewReader(part + "PK\x03\x04" + strings.Repeat("\x00", 1000) + "\r\n--x--\r\n")},
		"deep_json":     {json, strings.NewReader(jsonPart + strings.Repeat(`[{"00081115":{"vr":"SQ","Value":`, 10_000) + "\r\n--x--\r\n")},
		"long_json":     {json, io.MultiReader(strings.NewReader(jsonPart+`[{"00100010":{"vr":"LO","Value":["`), io.LimitReader(forever('a'), long))},
		"cut_file":      {dicom, bytes.NewReader(slices.Concat([]byte(part), b.planted.file(t)[:400], []byte("\r\n--x--\r\n")))},
	} {
		t.Run(name, func(t *testing.T) {
			client := b.client(b.ct1.Certificates...)
			rq, err := http.NewRequest(http.MethodPost, "https://"+b.web+"/dicom-web/studies", io.MultiReader(c.body)) // chunked
			if err != nil {
				t.Fatal(err)
			}
			if c.media != "" {
				rq.Header.Set("Content-Type", c.media)
			}
			defer client.CloseIdleConnections()
			rs, err := client.Do(rq)
			if err != nil {
				return // cut off while it still sent
			}
			defer rs.Body.Close()
			body, _ := io.ReadAll(io.LimitReader(rs.Body, 64<<20))
			if rs.StatusCode < 400 || rs.StatusCode >= 500 || strings.Contains(string(body), "PLANTED") {
				t.Errorf("%d %.200s", rs.StatusCode, body)
			}
		})
	}
	b.unharmed()
}

// forever is a byte without end.
type forever byte

func (f forever) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(f)
	}
	return len(p), nil
}
