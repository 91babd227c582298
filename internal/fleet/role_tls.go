package fleet

import "crypto/tls"

func withTLS(c certificate) func(*builder, *dicomService) {
	return func(b *builder, d *dicomService) {
		open(b, d)
		d.tls = c.plan()
	}
}

func closedTLS(c certificate) func(*builder, *dicomService) {
	return func(_ *builder, d *dicomService) {
		d.echo = true
		d.tls = c.plan()
	}
}

// plan is how services with that certificate speak TLS. Old certificates come
// with old versions.
func (c certificate) plan() *tlsPlan {
	t := &tlsPlan{certificate: c, min: tls.VersionTLS12, max: tls.VersionTLS13}
	if c == expired {
		t.min, t.max = tls.VersionTLS10, tls.VersionTLS12
	}
	return t
}
