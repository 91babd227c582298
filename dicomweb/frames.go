package dicomweb

// frames answers with frames as they are stored.
func (x *exchange) frames() error { return notImplemented() }

// bulk answers with the value of one attribute.
func (x *exchange) bulk() error { return notImplemented() }

// rendered answers with pictures.
func (x *exchange) rendered() error { return notImplemented() }

// wadoURI answers WADO-URI.
func (x *exchange) wadoURI() error { return notImplemented() }
