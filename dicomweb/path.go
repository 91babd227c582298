package dicomweb

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/leadglass/leadglass/dicom"
)

// service is what a path asks for.
type service uint8

const (
	noService service = iota
	root
	search
	objects
	metadata
	bulk
	frames
	pixeldata
	rendered
	thumbnail
	wadoURI
)

// target is a path of PS3.18 section 10.1, read.
type target struct {
	service service
	level   Level // of a search, or of a retrieve
	res     Resource
	frames  []int      // of frames, rendered and thumbnail, from 1
	bulk    dicom.Path // of bulk data, the items around it
	tag     dicom.Tag
}

// parsePath reads a path below the base, as it stands in the request line. The
// words and UIDs of the standard never need an escape, an empty segment or a
// dot segment, so that a path with one is no path of ours: nothing is cleaned.
func parsePath(path string, lim Limits) (target, bool) {
	if path == "" || path == "/" {
		return target{service: root}, true
	}
	rest, ok := strings.CutPrefix(path, "/")
	if !ok || len(path) > maxPath || strings.Contains(path, "%") {
		return target{}, false
	}
	t := target{}
	segments := strings.Split(rest, "/")
	for level := Studies; ; level++ {
		if len(segments) == 0 {
			t.service = objects
			return t, true
		}
		if len(segments) == 1 {
			if searched, ok := levelOf(segments[0]); ok && searched >= level {
				t.service, t.level = search, searched
				return t, true
			}
		}
		if level > Instances || segments[0] != level.String() || len(segments) < 2 {
			break
		}
		uid := dicom.UID(segments[1])
		if !uid.Valid() {
			return target{}, false
		}
		t.set(level, uid)
		segments = segments[2:]
	}
	if len(segments) == 1 && segments[0] == "wado" && t.res == (Resource{}) {
		return target{service: wadoURI}, true
	}
	return t.sub(segments, lim)
}

// maxPath bounds a path: three UIDs of 64, their words, and a list of frames.
const maxPath = 4 << 10

func levelOf(word string) (Level, bool) {
	for l := Studies; l <= Instances; l++ {
		if l.String() == word {
			return l, true
		}
	}
	return 0, false
}

func (t *target) set(l Level, uid dicom.UID) {
	t.level = l
	switch l {
	case Studies:
		t.res.Study = uid
	case Series:
		t.res.Series = uid
	case Instances:
		t.res.Instance = uid
	}
}

// sub reads what follows the resource.
func (t target) sub(segments []string, lim Limits) (target, bool) {
	if t.res.Study == "" || len(segments) == 0 {
		return target{}, false
	}
	words := map[string]service{"metadata": metadata, "pixeldata": pixeldata, "rendered": rendered, "thumbnail": thumbnail}
	if s, ok := words[segments[0]]; ok && len(segments) == 1 {
		t.service = s
		return t, true
	}
	if t.level != Instances || len(segments) < 2 {
		return target{}, false
	}
	switch segments[0] {
	case "bulkdata":
		return t.attribute(segments[1:], lim)
	case "frames":
		return t.frameList(segments[1:], lim)
	}
	return target{}, false
}

// attribute reads the path of an attribute, as BulkDataURI has it: tags in
// hexadecimal with the number of the item between, from 0.
func (t target) attribute(segments []string, lim Limits) (target, bool) {
	if len(segments)%2 == 0 || len(segments)/2 > lim.Depth {
		return target{}, false
	}
	for i, s := range segments {
		if i%2 == 1 {
			n, ok := number(s, 1<<20)
			if !ok {
				return target{}, false
			}
			t.bulk = append(t.bulk, dicom.Step{Tag: t.tag, Item: n})
			continue
		}
		var ok bool
		if t.tag, ok = parseTag(s); !ok {
			return target{}, false
		}
	}
	t.service = bulk
	return t, true
}

// frameList reads "frames/1,2,3" and what may follow it.
func (t target) frameList(segments []string, lim Limits) (target, bool) {
	for _, s := range strings.Split(segments[0], ",") {
		n, ok := number(s, 1<<31-1)
		if !ok || n == 0 || len(t.frames) >= lim.Frames {
			return target{}, false
		}
		t.frames = append(t.frames, n)
	}
	switch {
	case len(segments) == 1:
		t.service = frames
	case len(segments) == 2 && segments[1] == "rendered":
		t.service = rendered
	case len(segments) == 2 && segments[1] == "thumbnail":
		t.service = thumbnail
	default:
		return target{}, false
	}
	return t, true
}

// number reads decimal digits without a sign or a zero in front.
func number(s string, most int) (int, bool) {
	if s == "" || len(s) > 10 || s[0] == '0' && s != "0" || strings.Trim(s, "0123456789") != "" {
		return 0, false
	}
	n, err := strconv.Atoi(s)
	return n, err == nil && n <= most
}

// parseTag reads the eight hexadecimal digits of a tag.
func parseTag(s string) (dicom.Tag, bool) {
	if len(s) != 8 {
		return 0, false
	}
	n, err := strconv.ParseUint(s, 16, 32)
	return dicom.Tag(n), err == nil
}

// methods are what a target may be asked for with.
func (t target) methods() []string {
	switch {
	case t.service == search && t.level == Studies && t.res.Study == "":
		return []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodOptions}
	case t.service == objects && t.level == Studies:
		return []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodDelete, http.MethodOptions}
	case t.service == objects:
		return []string{http.MethodGet, http.MethodHead, http.MethodDelete, http.MethodOptions}
	}
	return []string{http.MethodGet, http.MethodHead, http.MethodOptions}
}
