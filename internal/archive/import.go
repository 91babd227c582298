package archive

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync"

	"github.com/leadglass/leadglass"
	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/dicom/dict"
)

// Importing is how paths are imported. All functions may be nil.
type Importing struct {
	// Put stores one file; nil is Store. It is called by two goroutines at once.
	Put func(context.Context, *leadglass.Incoming) (*leadglass.Stored, error)
	// Progress is told after each file what has been done so far.
	Progress func(Imported)
	// Refused is told each file that was not taken, and why. The name is that of
	// the path and holds whatever the sender named it.
	Refused func(name string, err error)
	// Warned is told what was kept although it is in conflict.
	Warned func(name string, warnings []string)
}

// Imported counts what became of files.
type Imported struct {
	Files      int
	Stored     int
	Duplicates int // the very same was there: a second import passes over them
	Refused    int
	Bytes      int64 // of those stored
}

// importers read and hash at the same time; the disk is one.
const importers = 2

// errNotFile: what stands at a path is no file: a device, a socket, a link.
var errNotFile = errors.New("archive: importing: neither a file nor a folder")

// Import stores files, what is in folders and zip files, and what a DICOMDIR
// names, if that is given itself: in a folder its files are met anyway. An
// import that was interrupted is simply done again: what is there already is not
// written. Files are refused one by one; the error is of the import as a whole.
func (a *Archive) Import(ctx context.Context, paths []string, opt Importing) (Imported, error) {
	if opt.Put == nil {
		opt.Put = a.Store
	}
	m := &importer{opt: opt, limits: a.limits, jobs: make(chan job)}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var wg sync.WaitGroup
	for range importers {
		wg.Go(func() {
			for j := range m.jobs {
				if err := m.do(ctx, j); err != nil {
					cancel(err)
				}
			}
		})
	}
	var err error
	for _, p := range paths {
		if err = m.path(ctx, filepath.Clean(p)); err != nil {
			break
		}
	}
	close(m.jobs)
	wg.Wait()
	if cause := context.Cause(ctx); cause != nil {
		err = cause
	}
	return m.done, err
}

// job is one file. open is called by the worker, which also closes it.
type job struct {
	name string
	open func() (io.ReadCloser, error)
	end  func() // when it is done
}

type importer struct {
	opt    Importing
	limits Limits
	jobs   chan job

	mu   sync.Mutex // covers done, and the calls of the functions in opt
	done Imported
}

// send hands a file to a worker.
func (m *importer) send(ctx context.Context, j job) error {
	select {
	case m.jobs <- j:
		return nil
	case <-ctx.Done():
		if j.end != nil {
			j.end()
		}
		return context.Cause(ctx)
	}
}

// do stores one file. The error is one that ends the import: the disk is full.
func (m *importer) do(ctx context.Context, j job) error {
	if j.end != nil {
		defer j.end()
	}
	out, err := m.put(ctx, j)
	if ctx.Err() != nil || leadglass.CodeOf(err) == leadglass.Unavailable {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.done.Files++
	switch {
	case err != nil:
		m.done.Refused++
		if m.opt.Refused != nil {
			m.opt.Refused(j.name, err)
		}
	case out.Duplicate:
		m.done.Duplicates++
	default:
		m.done.Stored++
		m.done.Bytes += out.Size
		if len(out.Warnings) > 0 && m.opt.Warned != nil {
			m.opt.Warned(j.name, out.Warnings)
		}
	}
	if m.opt.Progress != nil {
		m.opt.Progress(m.done)
	}
	return nil
}

func (m *importer) put(ctx context.Context, j job) (*leadglass.Stored, error) {
	r, err := j.open()
	if err != nil {
		return nil, leadglass.Errorf(leadglass.Invalid, "archive: importing: %w", err)
	}
	defer r.Close()
	return m.opt.Put(ctx, &leadglass.Incoming{File: true, Data: r})
}

// refuse reports a path that holds no objects.
func (m *importer) refuse(ctx context.Context, name string, err error) error {
	return m.send(ctx, job{name: name, open: func() (io.ReadCloser, error) { return nil, err }})
}

// path imports what stands at a path.
func (m *importer) path(ctx context.Context, name string) error {
	info, err := os.Stat(name) // a link that somebody names is meant; those in folders are not followed
	switch {
	case err != nil:
		return leadglass.Errorf(leadglass.Invalid, "archive: importing: %w", err)
	case info.IsDir():
		return m.folder(ctx, name)
	case info.Mode().IsRegular():
		return m.file(ctx, name, true)
	}
	return m.refuse(ctx, name, errNotFile)
}

func (m *importer) folder(ctx context.Context, dir string) error {
	return filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return m.refuse(ctx, name, err)
		case d.IsDir():
			return nil
		case !d.Type().IsRegular():
			return m.refuse(ctx, name, errNotFile)
		}
		return m.file(ctx, name, false)
	})
}

// file imports a file by what it begins with, not by its name.
func (m *importer) file(ctx context.Context, name string, given bool) error {
	f, err := os.Open(name)
	if err != nil {
		return m.refuse(ctx, name, err)
	}
	head := make([]byte, sniffed)
	n, _ := io.ReadFull(f, head)
	f.Close()
	switch head = head[:n]; {
	case bytes.HasPrefix(head, []byte("PK\x03\x04")) || bytes.HasPrefix(head, []byte("PK\x05\x06")):
		return m.zip(ctx, name)
	case isDirectory(head) && given:
		return m.directory(ctx, name)
	case isDirectory(head):
		return nil
	}
	return m.send(ctx, job{name: name, open: func() (io.ReadCloser, error) { return os.Open(name) }})
}

// sniffed is enough for preamble and meta information.
const sniffed = 2 << 10

// isDirectory says that a file is a DICOMDIR (PS3.10 section 8.6).
func isDirectory(head []byte) bool {
	f, _, err := dicom.Open(bytes.NewReader(head), dicom.Options{})
	return err == nil && f.Meta.UID(dict.MediaStorageSOPClassUID) == dict.MediaStorageDirectoryStorage
}

// directory imports what a DICOMDIR names, within its folder: os.Root keeps out
// "..", absolute names and links that lead elsewhere.
func (m *importer) directory(ctx context.Context, name string) error {
	f, err := dicom.ReadFile(name, dicom.Options{Limits: dicom.Limits{DatasetBytes: m.limits.HeaderBytes}})
	if err != nil {
		return m.refuse(ctx, name, err)
	}
	root, err := os.OpenRoot(filepath.Dir(name))
	if err != nil {
		return m.refuse(ctx, name, err)
	}
	var pending sync.WaitGroup
	defer func() { pending.Wait(); root.Close() }()
	for _, r := range f.Dataset.Sequence(dict.DirectoryRecordSequence) {
		parts := r.Strings(dict.ReferencedFileID)
		if len(parts) == 0 {
			continue
		}
		id := path.Join(parts...)
		pending.Add(1)
		err := m.send(ctx, job{name: filepath.Join(filepath.Dir(name), filepath.FromSlash(id)), end: pending.Done, open: func() (io.ReadCloser, error) {
			if !isFileID(parts) {
				return nil, fmt.Errorf("no file ID (PS3.10 section 8.2)")
			}
			return openRegular(root, id)
		}})
		if err != nil {
			return err
		}
	}
	return nil
}

// openRegular opens a file and nothing else; a pipe would never end. Media that
// were copied have names in lower case.
func openRegular(root *os.Root, id string) (io.ReadCloser, error) {
	for _, name := range []string{id, strings.ToLower(id)} {
		info, err := root.Stat(name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if !info.Mode().IsRegular() {
			return nil, errNotFile
		}
		return root.Open(name)
	}
	return nil, fs.ErrNotExist
}

// isFileID is PS3.10 section 8.2, and tolerates longer components, small letters
// and dots within, which are met.
func isFileID(parts []string) bool {
	for _, p := range parts {
		if p == "" || len(p) > 64 || p == "." || p == ".." || strings.ContainsAny(p, "/\\:\x00") {
			return false
		}
	}
	return len(parts) <= 8
}

// zip imports the files in a zip file. Zip files in it are refused: they are how
// bombs are built.
func (m *importer) zip(ctx context.Context, name string) error {
	z, err := zip.OpenReader(name)
	if err != nil {
		return m.refuse(ctx, name, err)
	}
	var pending sync.WaitGroup
	defer func() { pending.Wait(); z.Close() }()
	if len(z.File) > m.limits.ZipEntries {
		return m.refuse(ctx, name, leadglass.Errorf(leadglass.Limited, "over the limit ZipEntries of %d", m.limits.ZipEntries))
	}
	rest := &allowance{left: m.limits.ZipBytes}
	for _, f := range z.File {
		if f.FileInfo().IsDir() {
			continue
		}
		pending.Add(1)
		err := m.send(ctx, job{name: name + ":" + f.Name, end: pending.Done, open: func() (io.ReadCloser, error) { return m.entry(f, rest) }})
		if err != nil {
			return err
		}
	}
	return nil
}

// entry opens a file of a zip file. Sizes are claims, so what really comes is
// counted; the name is never used as a path.
func (m *importer) entry(f *zip.File, rest *allowance) (io.ReadCloser, error) {
	if !f.Mode().IsRegular() {
		return nil, errNotFile
	}
	r, err := f.Open()
	if err != nil {
		return nil, err
	}
	most := max(int64(f.CompressedSize64)*m.limits.ZipRatio, minUnpacked)
	return &unpacked{r, most, rest}, nil
}

// minUnpacked is what an entry may unpack to, however well it is packed.
const minUnpacked = 1 << 20

// allowance is what all entries of one zip file may unpack to.
type allowance struct {
	mu   sync.Mutex
	left int64
}

func (a *allowance) take(n int64) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.left -= n
	return a.left >= 0
}

var errBomb = errors.New("archive: importing: unpacks to more than the limits ZipRatio and ZipBytes allow")

type unpacked struct {
	io.ReadCloser
	most int64
	all  *allowance
}

func (u *unpacked) Read(p []byte) (int, error) {
	n, err := u.ReadCloser.Read(p)
	if u.most -= int64(n); u.most < 0 || !u.all.take(int64(n)) {
		return 0, errBomb
	}
	return n, err
}
