// Package census counts the patients, studies and images of one archive by
// asking for as little as possible, and keeps none of it.
package census

// Count is how many, and how well that is known.
type Count struct {
	Patients, Studies, Images int64
	Exact                     bool
	StudiesLow, StudiesHigh   int64
	ImagesLow, ImagesHigh     int64
	Method                    string
}
