package main_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"time"

	"github.com/leadglass/leadglass"
	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/dicom/dict"
)

// browser is a device on the web.
func (p *prey) browser(name string, http2 bool) *http.Client {
	return &http.Client{Transport: &http.Transport{TLSClientConfig: p.tls[name].Clone(), ForceAttemptHTTP2: http2}, Timeout: 20 * time.Second}
}

// stows stores by STOW-RS.
func (p *prey) stows(ctx context.Context, at addresses) error {
	c := p.browser("ct3", false)
	defer c.CloseIdleConnections()
	for {
		n := p.number()
		d, err := dicom.DecodeBytes(p.object(n), dicom.ExplicitVRLittleEndian, dicom.Options{})
		if err != nil {
			return wrong("decoding: %v", err)
		}
		var b bytes.Buffer
		b.WriteString("--x\r\nContent-Type: application/dicom\r\n\r\n")
		if err := dicom.Write(&b, &dicom.File{Dataset: d, TransferSyntax: dicom.ExplicitVRLittleEndian}); err != nil {
			return wrong("encoding: %v", err)
		}
		b.WriteString("\r\n--x--\r\n")
		rq, err := http.NewRequestWithContext(ctx, http.MethodPost, at.web+"/studies", &b)
		if err != nil {
			return err
		}
		rq.Header.Set("Content-Type", `multipart/related; type="application/dicom"; boundary=x`)
		rq.Header.Set("Accept", "application/dicom+json")
		rsp, err := c.Do(rq)
		if err != nil {
			return err
		}
		text, err := io.ReadAll(rsp.Body)
		rsp.Body.Close()
		if rsp.StatusCode != http.StatusOK {
			return wrong("STOW: %d %s", rsp.StatusCode, text)
		}
		p.ack(n) // the status says so
		if err != nil {
			return err
		}
	}
}

// reads asks for everything that the web has, in turn.
func (p *prey) reads(ctx context.Context, at addresses) error {
	c := p.browser("web1", true)
	defer c.CloseIdleConnections()
	for turn := p.lives; ctx.Err() == nil; turn++ { // each life begins with another
		n, ok := p.one(turn%8 > 2)
		if !ok {
			time.Sleep(5 * time.Millisecond)
			continue
		}
		var err error
		switch study := string(p.studyOf(n)); turn % 8 {
		case 0:
			err = p.page(ctx, c, at.web+"/studies?PatientID=P"+fmt.Sprint(n/ofStudy/3)+"&limit=3", &asked{verb: leadglass.Find})
		case 1:
			err = p.page(ctx, c, at.web+"/studies/"+study+"/metadata", &asked{verb: leadglass.Describe, study: p.studyOf(n)})
		case 2:
			_, err = p.download(ctx, c, at.web+"/studies/"+study, &asked{verb: leadglass.Get, study: p.studyOf(n)})
		default:
			var got int64
			got, err = p.download(ctx, c, fmt.Sprintf("%s/studies/%s/series/%s.1/instances/%s", at.web, study, study, p.uidOf(n)), &asked{verb: leadglass.Get, study: p.studyOf(n)})
			if err == nil && got != 1 {
				err = wrong("%d objects of an instance", got)
			} else if err == nil {
				p.tally.count(checked, 1)
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// open sends a request and wants it answered. What comes is counted as it comes.
func (p *prey) open(ctx context.Context, c *http.Client, url, accept string, a *asked) (*http.Response, error) {
	rq, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	rq.Header.Set("Accept", accept)
	rsp, err := c.Do(rq)
	if err != nil {
		return nil, err
	}
	p.ask(a)
	a.id = rsp.Header.Get("X-Request-Id")
	a.came(1) // that there is something
	a.bytes = 0
	if rsp.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(rsp.Body)
		rsp.Body.Close()
		return nil, wrong("%s: %d %s", url, rsp.StatusCode, text)
	}
	return rsp, nil
}

// counting counts what comes.
type counting struct {
	io.Reader
	a *asked
}

func (c counting) Read(b []byte) (int, error) {
	n, err := c.Reader.Read(b)
	c.a.came(n)
	return n, err
}

// page asks for JSON.
func (p *prey) page(ctx context.Context, c *http.Client, url string, a *asked) error {
	rsp, err := p.open(ctx, c, url, "application/dicom+json", a)
	if err != nil {
		return err
	}
	defer rsp.Body.Close()
	b, err := io.ReadAll(counting{rsp.Body, a})
	if err != nil {
		return err
	}
	var rows []json.RawMessage
	if err := json.Unmarshal(b, &rows); err != nil || len(rows) == 0 {
		return wrong("%s: %d rows, %v", url, len(rows), err)
	}
	a.objects = int64(len(rows))
	p.finish(a)
	return nil
}

// download asks for objects, compares them with what was stored, and returns how
// many came.
func (p *prey) download(ctx context.Context, c *http.Client, url string, a *asked) (int64, error) {
	rsp, err := p.open(ctx, c, url, `multipart/related; type="application/dicom"; transfer-syntax=*`, a)
	if err != nil {
		return 0, err
	}
	defer rsp.Body.Close()
	_, params, err := mime.ParseMediaType(rsp.Header.Get("Content-Type"))
	if err != nil {
		return 0, wrong("%s: %v", url, err)
	}
	parts := multipart.NewReader(counting{rsp.Body, a}, params["boundary"])
	for {
		part, err := parts.NextRawPart()
		if err == io.EOF {
			p.finish(a)
			return a.objects, nil
		}
		if err != nil {
			return 0, err
		}
		b, err := io.ReadAll(part)
		if err != nil {
			return 0, err
		}
		a.objects++
		if err := p.same(b); err != nil {
			return 0, err
		}
	}
}

// same compares a file with what was stored.
func (p *prey) same(file []byte) error {
	b := dataSet(file)
	d, err := dicom.DecodeBytes(b, dicom.ExplicitVRLittleEndian, dicom.Options{StopBefore: dicom.PixelData})
	if err != nil {
		return wrong("an object of %d bytes that does not decode: %v", len(file), err)
	}
	if n := numberOf(d.String(dict.SOPInstanceUID)); n < 0 || !bytes.Equal(b, p.object(n)) {
		return wrong("object %d has other bytes", n)
	}
	return nil
}
