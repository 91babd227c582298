package product

// Fingerprint is what the tests may see of a fingerprint.
type Fingerprint struct {
	Vendor, Source, Kind string
	Clue                 bool
}

// Fingerprints are the embedded ones by name.
func Fingerprints() map[string]Fingerprint {
	all := map[string]Fingerprint{}
	for _, f := range catalogue() {
		clue := f.ClassUID.Regexp != nil || f.VersionName.Regexp != nil || len(f.Page) > 0
		all[f.Name] = Fingerprint{f.Vendor, f.Source, string(f.Kind), clue}
	}
	return all
}
