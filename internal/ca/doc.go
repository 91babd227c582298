// Package ca is a small certification authority for a site that has none, and what
// a listener checks of the certificates that peers show, whoever issued them.
//
// # The authority
//
// It is made when it is first needed, in a folder of the archive's own: a key on
// P-256 and a certificate for ten years that signs for itself, in one file,
// root.pem (0600). The first certificate of the file is in force and its key
// follows it; certificates after the key were in force before and are still
// believed:
//
//	-----BEGIN CERTIFICATE-----   in force
//	-----BEGIN PRIVATE KEY-----   its key, PKCS #8
//	-----BEGIN CERTIFICATE-----   of before, newest first; their keys are gone
//
// A site imports this certificate in its machines, some into the store of the
// system. Who steals the key could then be anybody for them; so the certificate
// names what it may be used for (RFC 5280 section 4.2.1.10): the host names of the
// configuration, loopback and the address ranges of private networks. It signs no
// other authorities and serves for TLS only.
//
// # What it issues
//
// A certificate for our own listeners, for 45 days, renewed by age while the program
// runs. Its key is never on a disk; each start has a new one. And certificates for
// devices, whose keys leave with them and are not kept.
//
// A device's certificate says nothing about rights: those belong to its public
// key, in the registry of devices. A key is withdrawn there, at once; this authority
// publishes no lists. Lists of a site's own authority (RFC 5280 section 5) are read.
//
// # TLS
//
// ServerTLS and ClientTLS are the profiles of PS3.15: B.12 (BCP 195: RFC 8996, RFC
// 9325) and B.13 (modified BCP 195). Both begin at TLS 1.2 and prefer 1.3; there is
// no way down from there.
//
//	         TLS 1.2                                            TLS 1.3
//	B.12     ECDHE with ECDSA or RSA, AES-GCM 128 and 256       AES-GCM 128 and 256, ChaCha20
//	B.13     the same, and ChaCha20-Poly1305                    the same
//
// BUG: B.13 lists suites with CCM too, which crypto/tls does not have. A peer that
// can do no other is refused.
package ca
