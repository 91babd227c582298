package tlog

import (
	"fmt"
	"time"
)

// Limits bound what a log takes. Zero is the default, a negative value none.
type Limits struct {
	Leaf    int   // bytes of a leaf; never more than 65,535, which C2SP tlog-tiles sets
	Beside  int   // bytes of a body
	Waiting int   // entries that wait to be committed
	Memory  int64 // bytes of the entries that wait
	Commit  int64 // bytes of one commit, before another entry is left for the next
	Segment int64 // bytes after which a segment is followed by another
	Publish time.Duration
}

// The defaults.
const (
	maxLeaf        = 1<<16 - 1       // C2SP tlog-tiles, "Log Entries"
	defaultBeside  = 16 << 20        // a request that names 80,000 instances
	defaultWaiting = 65536           // three seconds at 20,000 a second
	defaultMemory  = 256 << 20       // two seconds at 100 MB/s
	defaultCommit  = 4 << 20         // 8 ms at 500 MB/s
	defaultSegment = 64 << 20        // opens in 0.1 s
	defaultPublish = 1 * time.Second // partial tiles are kept until theirs is full: at most 256
)

func (l Limits) withDefaults() Limits {
	l.Leaf = int(chosen(int64(l.Leaf), maxLeaf, maxLeaf))
	l.Beside = int(chosen(int64(l.Beside), defaultBeside, maxFrame/2))
	l.Waiting = int(chosen(int64(l.Waiting), defaultWaiting, 1<<31))
	l.Memory = chosen(l.Memory, defaultMemory, 1<<40)
	l.Commit = chosen(l.Commit, defaultCommit, maxFrame/4)
	l.Segment = chosen(l.Segment, defaultSegment, maxSegment/2)
	l.Publish = time.Duration(chosen(int64(l.Publish), int64(defaultPublish), int64(time.Hour)))
	return l
}

// chosen is a limit, its default if zero, and the most that the format bears if
// it is off or over that.
func chosen(v, fallback, most int64) int64 {
	switch {
	case v == 0:
		return fallback
	case v < 0 || v > most:
		return most
	}
	return v
}

// LimitError says that an entry is over a limit. It was not appended.
type LimitError struct {
	Name  string
	Limit int64
}

func (e *LimitError) Error() string {
	return fmt.Sprintf("tlog: over the limit %s of %d", e.Name, e.Limit)
}
