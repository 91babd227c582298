package scope_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/leadglass/leadglass/internal/scope"
)

const lists = authorisation + "[targets]\ninclude_files=[\"in.txt\"]\n"

// sparse makes a file of that size that takes no room.
func sparse(t *testing.T, name string, size int64) {
	t.Helper()
	if err := os.Truncate(name, size); err != nil {
		t.Skip("this file system has no sparse files: ", err)
	}
}

// TestLoad_FourGigabytes: neither the scope nor a file of entries is read to
// its end when it has none.
func TestLoad_FourGigabytes(t *testing.T) {
	name := write(t, authorisation+"[targets]\ninclude=[\"192.0.2.1\"]\n")
	sparse(t, name, 4<<30)
	began := time.Now()
	_, err := scope.Load(name, noon)
	if e, ok := errors.AsType[*scope.Error](err); !ok || e.Kind != scope.BadFile || !strings.Contains(e.What, "longer than 4194304 bytes") || e.Remedy == "" {
		t.Errorf("%v, want that it is too long", err)
	}
	name = write(t, lists, "in.txt", "192.0.2.1\n")
	sparse(t, filepath.Join(filepath.Dir(name), "in.txt"), 4<<30)
	_, err = scope.Load(name, noon)
	if e, ok := errors.AsType[*scope.Error](err); !ok || e.Kind != scope.BadFile || !strings.Contains(e.What, "a line is longer than 4096 bytes") {
		t.Errorf("%v, want that a line is too long", err)
	}
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("took %v", took)
	}
}

// TestLoad_NoFiles: a folder, a pipe that nobody writes to, a device.
func TestLoad_NoFiles(t *testing.T) {
	dir := t.TempDir()
	fifo := filepath.Join(dir, "fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{dir, fifo, "/dev/zero"} {
		for what, name := range map[string]string{
			"scope": bad, "list": write(t, strings.ReplaceAll(lists, "in.txt", bad)),
		} {
			_, err := scope.Load(name, noon)
			if e, ok := errors.AsType[*scope.Error](err); !ok || e.Kind != scope.BadFile || e.File != bad || !strings.Contains(e.What, "no regular file") {
				t.Errorf("%s %s: %v, want that it is no file", what, bad, err)
			}
		}
	}
}

// TestLoad_ListsNameNoLists: a file of entries cannot take in another, nor
// itself.
func TestLoad_ListsNameNoLists(t *testing.T) {
	for _, line := range []string{`include_files = ["in.txt"]`, "@in.txt", "./in.txt"} {
		_, err := scope.Load(write(t, lists, "in.txt", line+"\n"), noon)
		if e, ok := errors.AsType[*scope.Error](err); !ok || e.Kind != scope.BadTargets || e.Line != 1 {
			t.Errorf("%s: %v, want that it is no entry", line, err)
		}
	}
	// A name of a file is a host name where it has the form of one; it is not opened.
	s, err := scope.Load(write(t, lists, "in.txt", "in.txt\n"), noon)
	if err != nil {
		t.Fatal(err)
	}
	if _, include := s.Names(); len(include) != 1 || include[0] != "in.txt" {
		t.Errorf("names %v", include)
	}
}

func TestLimit_Files(t *testing.T) {
	for n, fails := range map[int]bool{256: false, 257: true} {
		_, err := scope.Load(write(t, authorisation+"[targets]\ninclude_files=["+strings.Repeat(`"in.txt",`, n)+"]\n", "in.txt", "192.0.2.1\n"), noon)
		if e, ok := errors.AsType[*scope.Error](err); ok != fails || ok && !strings.Contains(e.What, "more than 256 files") {
			t.Errorf("%d files: %v", n, err)
		}
	}
}

func TestLimit_Entries(t *testing.T) {
	text := strings.Repeat("10.0.0.1\n", 1<<20)
	if _, err := scope.Load(write(t, lists, "in.txt", text), noon); err != nil {
		t.Errorf("at the limit: %v", err)
	}
	_, err := scope.Load(write(t, lists, "in.txt", text+"10.0.0.1\n"), noon)
	if e, ok := errors.AsType[*scope.Error](err); !ok || e.Line != 1<<20+1 || !strings.Contains(e.What, "more than 1048576 entries") || e.Remedy == "" {
		t.Errorf("one over the limit: %v", err)
	}
}

func TestLimit_ListFile(t *testing.T) {
	line := "#" + strings.Repeat("x", 1022) + "\n"
	text := "192.0.2.1\n" + strings.Repeat(line, 64<<10-1)
	text += "#" + strings.Repeat("x", 64<<20-len(text)-1)
	if _, err := scope.Load(write(t, lists, "in.txt", text), noon); err != nil {
		t.Errorf("at the limit: %v", err)
	}
	_, err := scope.Load(write(t, lists, "in.txt", text+"x"), noon)
	if e, ok := errors.AsType[*scope.Error](err); !ok || !strings.Contains(e.What, "longer than 67108864 bytes") {
		t.Errorf("one over the limit: %v", err)
	}
}

// TestLoad_ManyEntriesInTheScope: a scope of 4 MB is read once, and an error
// in its last line names that line.
func TestLoad_ManyEntriesInTheScope(t *testing.T) {
	var b strings.Builder
	b.WriteString(authorisation + "[targets]\ninclude=[\n")
	for i := range 150_000 {
		fmt.Fprintf(&b, "\"10.%d.%d.%d\",\n", i>>16, i>>8&255, i&255)
	}
	b.WriteString("\"10.0.0.0/33\"]\n")
	began := time.Now()
	_, err := scope.Load(write(t, b.String()), noon)
	if e, ok := errors.AsType[*scope.Error](err); !ok || e.Line != 8+150_000+1 {
		t.Errorf("%v, want line 150009", err)
	}
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("took %v", took)
	}
}

// TestLoad_ZonesOfDates: a date means midnight where the survey runs.
func TestLoad_ZonesOfDates(t *testing.T) {
	tokyo := time.FixedZone("JST", 9*3600)
	text := strings.NewReplacer("2026-11-01", "2026-11-24", "2026-11-30", "2026-11-24").Replace(authorisation) + "[targets]\ninclude=[\"192.0.2.1\"]\n"
	for _, c := range []struct {
		now  time.Time
		what string
	}{
		{time.Date(2026, 11, 24, 0, 0, 0, 0, tokyo), ""},
		{time.Date(2026, 11, 24, 23, 59, 59, 0, tokyo), ""},
		{time.Date(2026, 11, 23, 23, 59, 59, 0, tokyo), "not valid before 2026-11-24T00:00:00+09:00"},
		{time.Date(2026, 11, 25, 0, 0, 0, 0, tokyo), "expired at 2026-11-25T00:00:00+09:00"},
		{time.Date(2026, 11, 24, 23, 59, 59, 0, time.UTC), ""},
	} {
		_, err := scope.Load(write(t, text), c.now)
		e, bad := errors.AsType[*scope.Error](err)
		if bad != (c.what != "") || bad && !strings.Contains(e.What, c.what) {
			t.Errorf("%v: %v, want %q", c.now, err, c.what)
		}
	}
}
