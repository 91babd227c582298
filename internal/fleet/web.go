package fleet

import "net/http"

func newWeb(w *webService, a *archive) http.Handler { return http.NotFoundHandler() }
