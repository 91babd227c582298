package scp

import (
	"io"

	"github.com/leadglass/leadglass"
	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/dimse"
)

// StatusesOf are what a code is answered with: C-STORE, C-FIND, retrieval, N-.
func StatusesOf(code leadglass.Code) [4]dimse.Status {
	s := status(code)
	return [4]dimse.Status{s.store, s.find, s.retrieve, s.normalized}
}

// Transcode lays a data set down anew.
func Transcode(w io.Writer, data io.Reader, from, to *dicom.TransferSyntax, header int64) error {
	_, err := (&transcoder{data: data, from: from, to: to, header: header}).WriteTo(w)
	return err
}

// Pending is how many reports wait.
func (s *Server) Pending() int {
	s.reports.mu.Lock()
	defer s.reports.mu.Unlock()
	return len(s.reports.timers)
}
