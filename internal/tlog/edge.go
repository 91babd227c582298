package tlog

import (
	"crypto/sha256"

	"golang.org/x/mod/sumdb/tlog"
)

// edge is the complete subtrees at the right of a tree, largest first: one for
// each bit of its size (RFC 6962 section 2.1 cut at powers of two).
type edge struct {
	size  uint64
	nodes []Hash
}

func (e *edge) add(leaf Hash) {
	e.nodes = append(e.nodes, leaf)
	for n := e.size; n&1 == 1; n >>= 1 {
		last := len(e.nodes) - 1
		e.nodes[last-1] = tlog.NodeHash(e.nodes[last-1], e.nodes[last])
		e.nodes = e.nodes[:last]
	}
	e.size++
}

func (e *edge) root() Hash {
	if e.size == 0 {
		return sha256.Sum256(nil)
	}
	last := len(e.nodes) - 1
	h := e.nodes[last]
	for i := last - 1; i >= 0; i-- {
		h = tlog.NodeHash(e.nodes[i], h)
	}
	return h
}

func (e *edge) clone() edge { return edge{e.size, append([]Hash(nil), e.nodes...)} }

// join is the root of hashes of which there are a power of two.
func join(hashes []Hash) Hash {
	if len(hashes) == 1 {
		return hashes[0]
	}
	half := len(hashes) / 2
	return tlog.NodeHash(join(hashes[:half]), join(hashes[half:]))
}
