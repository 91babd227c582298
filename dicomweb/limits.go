package dicomweb

import (
	"fmt"
	"math"
	"time"

	"github.com/leadglass/leadglass/dicom"
)

// Limits bounds what a peer can make a client or a Handler hold or wait for. The
// zero value is the safe default; a negative value switches a limit off. How long
// a call takes in all is for its context to say.
type Limits struct {
	BodyBytes       int64         // of one answer, after decompression
	SearchBytes     int64         // of one answer to a search or of metadata, after decompression
	Results         int           // data sets of one answer
	ElementBytes    int64         // longest value of a data set in JSON
	DatasetBytes    int64         // all values of one data set in JSON
	Elements        int           // elements and items of one data set in JSON
	Depth           int           // sequences within sequences in JSON
	Parts           int           // of one multipart answer
	PartBytes       int64         // of one part
	PartHeaderBytes int64         // of one part's header fields
	Redirects       int           // on the same server
	Pages           int           // of one search by pages
	Idle            time.Duration // without a byte from the peer, or to it

	// What only a Handler has.
	QueryKeys   int   // parameters of one query
	PageResults int   // of one answer to a search
	PageBytes   int64 // after which a page of a search ends
	InlineBytes int64 // longest binary value of metadata that has no URI
	ObjectBytes int64 // of an object that has to be held: to change its transfer syntax, or STOW in JSON
	Frames      int   // of one retrieve
}

// The defaults. The standard sets none of these numbers.
const (
	// A retrieve of a whole study: breast tomosynthesis has the largest, about
	// 10 GB. Nothing holds an answer in memory.
	defaultBodyBytes = 16 << 30
	// A million results of a kilobyte, as a server gives them that ignores the
	// limit of a page; 1 MiB of gzip becomes as much.
	defaultSearchBytes = 1 << 30
	// A national archive has 24 million studies; who asks for them all at once
	// should ask by pages.
	defaultResults = 1 << 20
	// Metadata keep bulk data out by URI; what remains inline are look-up
	// tables of up to 128 KiB, and text.
	defaultElementBytes = 16 << 20
	// The metadata of an enhanced multi-frame object of 10,000 frames has about
	// 30 MB of values.
	defaultDatasetBytes = 64 << 20
	// The same object has about 500,000 elements, as in package dicom.
	defaultElements = 1 << 20
	// As in package dicom.
	defaultDepth = 64
	// A part is an instance, and a study of 20,000 slices is met; three times that.
	defaultParts = 1 << 16
	// The length field of a value of PS3.5 has 32 bits, so an object has
	// hardly more.
	defaultPartBytes = 4 << 30
	// Content-Type, -Length and -Location, and what proxies add.
	defaultPartHeaderBytes = 16 << 10
	// From a path to the same with a slash, and one more.
	defaultRedirects = 3
	// With 100 results a page, as servers cap them, a million.
	defaultPages = 10_000
	// A server that searches its whole index before its first byte, as Orthanc
	// does, takes seconds; twice a minute is what DCMTK gives a DIMSE peer.
	defaultIdle = 60 * time.Second

	// All keys of a study, a series and an instance that PS3.18 tables
	// 10.6.1-3 to 10.6.1-5 have are 31.
	defaultQueryKeys = 256
	// Orthanc's DICOMweb plugin has 100; viewers show the instances of a series
	// from one page, and series of 2,000 are met.
	defaultPageResults = 2000
	// A page is held, so that its Warning can stand in the header. Results are
	// of one kilobyte, with includefield=all of a few.
	defaultPageBytes = 16 << 20
	// As long as a URI with three UIDs is, three times over.
	defaultInlineBytes = 1 << 10
	// A single-frame radiograph has up to 64 MiB; four times that.
	defaultObjectBytes = 256 << 20
	// What fits a path of 4 KiB.
	defaultFrames = 1 << 10
)

// LimitError says which limit an answer crossed.
type LimitError struct {
	Name  string // as "body_bytes"
	Limit int64
}

func (e *LimitError) Error() string {
	return fmt.Sprintf("dicomweb: over the limit %s of %d", e.Name, e.Limit)
}

// orDefault returns the limits in force, "off" as the largest number.
func (l Limits) orDefault() Limits {
	return Limits{
		BodyBytes:       inForce(l.BodyBytes, defaultBodyBytes),
		SearchBytes:     inForce(l.SearchBytes, defaultSearchBytes),
		Results:         int(inForce(int64(l.Results), defaultResults)),
		ElementBytes:    inForce(l.ElementBytes, defaultElementBytes),
		DatasetBytes:    inForce(l.DatasetBytes, defaultDatasetBytes),
		Elements:        int(inForce(int64(l.Elements), defaultElements)),
		Depth:           int(inForce(int64(l.Depth), defaultDepth)),
		Parts:           int(inForce(int64(l.Parts), defaultParts)),
		PartBytes:       inForce(l.PartBytes, defaultPartBytes),
		PartHeaderBytes: inForce(l.PartHeaderBytes, defaultPartHeaderBytes),
		Redirects:       int(inForce(int64(l.Redirects), defaultRedirects)),
		Pages:           int(inForce(int64(l.Pages), defaultPages)),
		Idle:            time.Duration(inForce(int64(l.Idle), int64(defaultIdle))),
		QueryKeys:       int(inForce(int64(l.QueryKeys), defaultQueryKeys)),
		PageResults:     int(inForce(int64(l.PageResults), defaultPageResults)),
		PageBytes:       inForce(l.PageBytes, defaultPageBytes),
		InlineBytes:     inForce(l.InlineBytes, defaultInlineBytes),
		ObjectBytes:     inForce(l.ObjectBytes, defaultObjectBytes),
		Frames:          int(inForce(int64(l.Frames), defaultFrames)),
	}
}

func inForce(n, def int64) int64 {
	switch {
	case n == 0:
		return def
	case n < 0:
		return math.MaxInt64
	}
	return n
}

// dataset returns the limits for package dicom.
func (l Limits) dataset() dicom.Limits {
	return dicom.Limits{
		ElementBytes: l.ElementBytes,
		DatasetBytes: l.DatasetBytes,
		Elements:     l.Elements,
		Depth:        l.Depth,
	}
}
