package plan

import "crypto/tls"

func withTLS(c certificate) func(*builder, *DICOMService) {
	return func(b *builder, d *DICOMService) {
		open(b, d)
		d.TLS = c.plan()
	}
}

func closedTLS(c certificate) func(*builder, *DICOMService) {
	return func(_ *builder, d *DICOMService) {
		d.Echo = true
		d.TLS = c.plan()
	}
}

// plan is how services with that certificate speak TLS. Old certificates come
// with old versions.
func (c certificate) plan() *TLS {
	t := &TLS{Certificate: c, Min: tls.VersionTLS12, Max: tls.VersionTLS13}
	if c == expired {
		t.Min, t.Max = tls.VersionTLS10, tls.VersionTLS12
	}
	return t
}
