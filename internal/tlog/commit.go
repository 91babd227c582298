package tlog

import (
	"errors"
	"fmt"

	"golang.org/x/mod/sumdb/note"
)

// commitAll is the committer: one commit after the other until Close.
func (l *Log) commitAll() {
	defer l.done.Done()
	defer close(l.stop)
	for {
		_, open := <-l.wake
		for group := l.take(); len(group) > 0; group = l.take() {
			l.finish(group, l.commit(group))
		}
		if !open {
			return
		}
	}
}

// take takes what waits, up to the size of a commit.
func (l *Log) take() []*Pending {
	l.mu.Lock()
	defer l.mu.Unlock()
	bytes, n := int64(0), 0
	for n < len(l.queue) && (n == 0 || bytes < l.c.Limits.Commit) {
		bytes += l.queue[n].size
		l.waiting -= len(l.queue[n].entries)
		n++
	}
	l.bytes -= bytes
	group := l.queue[:n:n]
	if l.queue = l.queue[n:]; len(l.queue) == 0 {
		l.queue = nil
	}
	return group
}

// commit writes one frame. The tree grows after it is durable, never before.
func (l *Log) commit(group []*Pending) error {
	l.entries = l.entries[:0]
	for _, p := range group {
		l.entries = append(l.entries, p.entries...)
	}
	tree := l.tree.clone()
	for _, e := range l.entries {
		tree.add(recordHash(e.Leaf))
	}
	head := Checkpoint{l.c.Origin, tree.size, tree.root()}
	signed, err := note.Sign(&note.Note{Text: head.Text()}, l.signer)
	if err != nil {
		return fmt.Errorf("tlog: signing: %w", err)
	}
	if l.end > l.c.Limits.Segment {
		if err := l.rotate(); err != nil {
			return err
		}
	}
	l.buffer = AppendFrame(l.buffer[:0], l.tree.size, l.entries, signed)
	if len(l.buffer) > maxFrame {
		return &LimitError{"frame", maxFrame}
	}
	if err := l.write(); err != nil {
		return err
	}
	l.end += int64(len(l.buffer))
	first := l.tree.size
	l.tree = tree
	for _, p := range group {
		p.first = first
		first += uint64(len(p.entries))
	}
	l.mu.Lock()
	l.note, l.size = signed, tree.size
	l.mu.Unlock()
	return nil
}

// write writes and syncs the buffer as a frame, or leaves the segment as it was.
func (l *Log) write() error {
	n, err := l.file.WriteAt(l.buffer, l.end)
	if err == nil && n < len(l.buffer) {
		err = errShortWrite
	}
	written := err == nil
	if err == nil {
		err = l.file.Sync()
	}
	if err == nil {
		return nil
	}
	// What was written in part is cut off. That is safe to go on from: no page of
	// it was ever asked to be on the disk. After a sync that failed it is not.
	cut := l.file.Truncate(l.end)
	if cut == nil && !written {
		cut = l.file.Sync()
	}
	if cut != nil || written {
		l.mu.Lock()
		l.broken = true
		l.mu.Unlock()
		return errors.Join(fmt.Errorf("tlog: the log has to be opened again: %w", err), cut)
	}
	return fmt.Errorf("tlog: writing a commit: %w", err)
}

// finish tells the writers how it went.
func (l *Log) finish(group []*Pending, err error) {
	l.mu.Lock()
	if err != nil && l.failure == nil {
		l.c.Diagnostics.Error("the log cannot be written", "error", err)
	} else if err == nil && l.failure != nil {
		l.c.Diagnostics.Info("the log can be written again")
	}
	l.failure = err
	rest := []*Pending(nil)
	if l.broken {
		rest, l.queue, l.waiting, l.bytes = l.queue, nil, 0, 0
	}
	l.mu.Unlock()
	for _, p := range append(group, rest...) {
		p.err = err
		close(p.done)
	}
	if err == nil {
		select {
		case l.committed <- struct{}{}:
		default:
		}
	}
}
