package vault

// SealKEK is the file of a key of a vault, sealed with less work than Open puts in.
func SealKEK(kek, passphrase []byte, logN int) (string, error) {
	return sealKEK(kek, passphrase, make([]byte, 16), logN)
}
