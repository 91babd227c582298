package dicomweb

import "net/http"

// delete removes the instances of a resource. The standard has no such
// transaction for studies; servers of several makes answer it so.
func (x *exchange) delete() error {
	d, ok := x.backend.(Deleter)
	if !ok {
		return notImplemented()
	}
	if _, err := d.Delete(x.ctx, x.target.res); err != nil {
		return err
	}
	x.out().touch()
	x.w.WriteHeader(http.StatusNoContent)
	return nil
}
