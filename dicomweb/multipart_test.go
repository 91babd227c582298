package dicomweb_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/dicomweb"
)

// file is a PS3.10 file of a few elements.
func file(t testing.TB, name string) []byte {
	t.Helper()
	d := &dicom.Dataset{}
	d.SetString(0x00080016, "1.2.840.10008.5.1.4.1.1.7")
	d.SetString(0x00080018, "2.25.7")
	d.SetString(0x00100010, name)
	var b bytes.Buffer
	if err := dicom.Write(&b, &dicom.File{Dataset: d, TransferSyntax: dicom.ExplicitVRLittleEndian}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

const partHeader = "Content-Type: application/dicom; transfer-syntax=1.2.840.10008.1.2.1\r\nContent-Location: /instances/7\r\n"

func parts(bodies ...string) string {
	s := "preamble\r\n"
	for _, b := range bodies {
		s += "--b\r\n" + partHeader + "\r\n" + b + "\r\n"
	}
	return s + "--b--\r\nepilogue"
}

func TestRetrieve(t *testing.T) {
	body := parts(string(file(t, "A^B")), string(file(t, "C^D")))
	c := newClient(t, dicomweb.Limits{}, func(w http.ResponseWriter, r *http.Request) {
		if r.RequestURI != "/dicom-web/studies/1.2/series/1.3/instances/1.4" {
			t.Errorf("asked for %s", r.RequestURI)
		}
		answer(`multipart/related; type="application/dicom"; boundary=b`, body)(w, r)
	})
	var names []string
	n, err := c.Retrieve(t.Context(), dicomweb.Resource{Study: "1.2", Series: "1.3", Instance: "1.4"}, func(p *dicomweb.Part) error {
		if p.ContentType != "application/dicom" || p.TransferSyntax != "1.2.840.10008.1.2.1" || p.Location != "/instances/7" {
			t.Errorf("got %+v", p)
		}
		f, err := dicom.Read(p, dicom.Options{})
		if err != nil {
			return err
		}
		names = append(names, f.Dataset.String(0x00100010))
		return nil
	})
	if n != 2 || err != nil || fmt.Sprint(names) != "[A^B C^D]" {
		t.Errorf("got %d, %v, %v", n, err, names)
	}
}

func TestRetrieve_Answers(t *testing.T) {
	tests := []struct {
		name, mediaType, body string
		want                  int
		err                   string
	}{
		{"unread_parts", "multipart/related; boundary=b", parts("aaa", "bbb", ""), 3, ""},
		{"single", "application/dicom; transfer-syntax=1.2", "aaa", 1, ""},
		{"empty", "multipart/related; boundary=b", "--b--", 0, ""},
		{"no_boundary", "multipart/related", parts("a"), 0, "not a multipart body"},
		{"html", "text/html", "<html>", 0, "media type"},
		{"cut", "multipart/related; boundary=b", "--b\r\n" + partHeader + "\r\naaa", 1, "unexpected EOF"},
		{"cut_header", "multipart/related; boundary=b", "--b\r\nContent-Type: app", 0, "EOF"},
		{"bad_header", "multipart/related; boundary=b", "--b\r\nno colon\r\n\r\n--b--", 0, "not a multipart body"},
		{"folded_header", "multipart/related; boundary=b", "--b\r\nContent-Type: application/dicom;\r\n transfer-syntax=1.2\r\n\r\nx\r\n--b--", 1, ""},
		{"spaces_after_boundary", "multipart/related; boundary=b", "--b \t\r\n\r\naaa\r\n--b --\r\n\r\naaa\r\n--b-- ", 1, "not a multipart body"},
		{"longer_word", "multipart/related; boundary=b", "--bc\r\n--b\r\n\r\naaa\r\n--bb\r\n--b--", 1, ""},
		{"no_parts", "multipart/related; boundary=b", "nothing", 0, "EOF"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := newClient(t, dicomweb.Limits{}, answer(tt.mediaType, tt.body))
			n, err := c.Retrieve(t.Context(), dicomweb.Resource{Study: "1.2"}, func(*dicomweb.Part) error { return nil })
			if n != tt.want || tt.err == "" && err != nil || tt.err != "" && (err == nil || !strings.Contains(err.Error(), tt.err)) {
				t.Errorf("got %d, %v, want %d, %q", n, err, tt.want, tt.err)
			}
		})
	}
}

func TestRetrieve_Stop(t *testing.T) {
	c := newClient(t, dicomweb.Limits{}, answer("multipart/related; boundary=b", parts("a", "b", "c")))
	n, err := c.Retrieve(t.Context(), dicomweb.Resource{Study: "1.2"}, func(*dicomweb.Part) error { return dicom.ErrStop })
	if n != 1 || err != nil {
		t.Errorf("got %d, %v", n, err)
	}
	broken := errors.New("disk full")
	if _, err := c.Retrieve(t.Context(), dicomweb.Resource{Study: "1.2"}, func(*dicomweb.Part) error { return broken }); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
}

// TestRetrieve_Prefixes cuts a body at each byte before its last boundary.
func TestRetrieve_Prefixes(t *testing.T) {
	body := parts("aaaa", "bbbb")
	end := strings.Index(body, "--b--") + len("--b-")
	for n := range end {
		got, err := dicomweb.ReadParts(strings.NewReader(body[:n]), "b", dicomweb.Limits{}, func(*dicomweb.Part) error { return nil })
		if err == nil {
			t.Errorf("%q: %d parts and no error", body[:n], got)
		}
	}
}

// TestReadParts_Content reads what mime/multipart wrote, in pieces of all sizes,
// with bytes that look like the delimiter.
func TestReadParts_Content(t *testing.T) {
	bodies := []string{"", "a", "\r", "\r\n", "\r\n-", "\r\n--", "--b", "\r\n--B", "\r\n--c\r\n--bb--", "--b\r", "x\r\r\n--", strings.Repeat("\r\n--", 9000), strings.Repeat("x", 70000) + "\r"}
	for _, boundary := range []string{"b", "bb", strings.Repeat("b", 70)} {
		var in bytes.Buffer
		w := multipart.NewWriter(&in)
		w.SetBoundary(boundary)
		var want []string
		for _, body := range bodies {
			if strings.Contains("\r\n"+body+"\r\n", "\r\n--"+boundary+"--") || strings.Contains("\r\n"+body+"\r\n", "\r\n--"+boundary+"\r") {
				continue // no writer may choose that boundary for it
			}
			p, err := w.CreatePart(textproto.MIMEHeader{"Content-Type": {"application/dicom"}})
			if err != nil {
				t.Fatal(err)
			}
			io.WriteString(p, body)
			want = append(want, body)
		}
		w.Close()
		for _, r := range []io.Reader{bytes.NewReader(in.Bytes()), iotest.OneByteReader(bytes.NewReader(in.Bytes())), iotest.HalfReader(bytes.NewReader(in.Bytes()))} {
			var got []string
			n, err := dicomweb.ReadParts(r, boundary, dicomweb.Limits{}, func(p *dicomweb.Part) error {
				b, err := io.ReadAll(p)
				got = append(got, string(b))
				return err
			})
			if err != nil || n != len(want) || !slices.Equal(got, want) {
				t.Errorf("boundary %q: %d parts of %d, %v", boundary, n, len(want), err)
			}
		}
	}
}

func FuzzMultipart(f *testing.F) {
	f.Add([]byte(parts("aaaa", "bbbb")))
	f.Add([]byte("--b--"))
	f.Add([]byte("--b\r\n\r\n\r\n--b\r\n"))
	f.Add([]byte("--b\nA: b\n\na\n--b--\n"))
	lim := dicomweb.Limits{Parts: 10, PartBytes: 1000, PartHeaderBytes: 200}
	f.Fuzz(func(t *testing.T, b []byte) {
		read := 0
		n, _ := dicomweb.ReadParts(bytes.NewReader(b), "b", lim, func(p *dicomweb.Part) error {
			n, err := io.Copy(io.Discard, p)
			read += int(n)
			return err
		})
		if n > 10 || read > len(b) || read > 10*1000 {
			t.Fatalf("%d parts of %d bytes from %d", n, read, len(b))
		}
	})
}
