package probe

import (
	"fmt"

	"github.com/leadglass/leadglass/ul"
)

// rejection is the typed reason of an A-ASSOCIATE-RJ (PS3.8 table 9-21), in the
// words of the table.
func rejection(e *ul.RejectError) string {
	reasons := map[ul.RejectSource]map[uint8]string{
		ul.ServiceUser: {
			1: "no-reason-given",
			2: "application-context-name-not-supported",
			3: "calling-ae-title-not-recognized",
			7: "called-ae-title-not-recognized",
		},
		ul.ProviderACSE: {
			1: "no-reason-given",
			2: "protocol-version-not-supported",
		},
		ul.ProviderPresentation: {
			1: "temporary-congestion",
			2: "local-limit-exceeded",
		},
	}
	if text, ok := reasons[e.Source][e.Reason]; ok {
		return text
	}
	return fmt.Sprintf("source-%d-reason-%d", e.Source, e.Reason)
}

// passing says whether the peer wants to be asked again later.
func passing(e *ul.RejectError) bool {
	return e.Result == ul.RejectedTransient && e.Source == ul.ProviderPresentation
}
