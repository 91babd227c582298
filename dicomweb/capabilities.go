package dicomweb

import (
	"encoding/json"
	"net/http"
	"strings"
)

// capabilities says what may be asked here (PS3.18 section 8.9): the methods in
// Allow and, in JSON, which services there are.
func (x *exchange) capabilities(methods []string) error {
	services := []string{}
	for _, s := range []struct {
		name string
		has  bool
	}{
		{"QIDO-RS", has[Searcher](x.backend)},
		{"WADO-RS", has[Retriever](x.backend)},
		{"WADO-URI", has[Retriever](x.backend)},
		{"STOW-RS", has[Storer](x.backend)},
		{"rendered", has[Retriever](x.backend) && has[Renderer](x.backend)},
		{"delete", has[Deleter](x.backend)},
	} {
		if s.has {
			services = append(services, s.name)
		}
	}
	body, _ := json.Marshal(map[string][]string{"services": services, "methods": methods})
	x.w.Header().Set("Allow", strings.Join(methods, ", "))
	x.w.Header().Set("Content-Type", "application/json")
	x.w.WriteHeader(http.StatusOK)
	x.w.Write(body)
	return nil
}

func has[T any](b Backend) bool {
	_, ok := b.(T)
	return ok
}
