package ul

import "fmt"

// Name is the short name of the standard, as Sta6.
func (s State) Name() string { return fmt.Sprintf("Sta%d", uint8(s)) }

// Name is the short name of the standard, as Evt10.
func (e Event) Name() string { return fmt.Sprintf("Evt%d", uint8(e)) }

// Name is the short name of the standard, as AE-1.
func (a Action) Name() string {
	switch {
	case a >= AE1 && a <= AE8:
		return fmt.Sprintf("AE-%d", a-AE1+1)
	case a >= DT1 && a <= DT2:
		return fmt.Sprintf("DT-%d", a-DT1+1)
	case a >= AR1 && a <= AR10:
		return fmt.Sprintf("AR-%d", a-AR1+1)
	case a >= AA1 && a <= AA8:
		return fmt.Sprintf("AA-%d", a-AA1+1)
	}
	return fmt.Sprintf("action %d", uint8(a))
}

// String is the standard's sentence (PS3.8 section 9.2.1).
func (s State) String() string {
	if s >= Sta1 && s <= Sta13 {
		return stateSentences[s]
	}
	return s.Name()
}

// String is the standard's sentence (PS3.8 table 9-10).
func (e Event) String() string {
	if e >= Evt1 && e <= Evt19 {
		return eventSentences[e]
	}
	return e.Name()
}

// String is the standard's sentence (PS3.8 section 9.2.2).
func (a Action) String() string {
	if a >= AE1 && a <= AA8 {
		return actionSentences[a]
	}
	return a.Name()
}

var stateSentences = [states + 1]string{
	Sta1:  "Idle",
	Sta2:  "Transport connection open (Awaiting A-ASSOCIATE-RQ PDU)",
	Sta3:  "Awaiting local A-ASSOCIATE response primitive (from local user)",
	Sta4:  "Awaiting transport connection opening to complete (from local transport service)",
	Sta5:  "Awaiting A-ASSOCIATE-AC or A-ASSOCIATE-RJ PDU",
	Sta6:  "Association established and ready for data transfer",
	Sta7:  "Awaiting A-RELEASE-RP PDU",
	Sta8:  "Awaiting local A-RELEASE response primitive (from local user)",
	Sta9:  "Release collision requestor side; awaiting A-RELEASE response (from local user)",
	Sta10: "Release collision acceptor side; awaiting A-RELEASE-RP PDU",
	Sta11: "Release collision requestor side; awaiting A-RELEASE-RP PDU",
	Sta12: "Release collision acceptor side; awaiting A-RELEASE response primitive (from local user)",
	Sta13: "Awaiting Transport Connection Close Indication (Association no longer exists)",
}

var eventSentences = [events + 1]string{
	Evt1:  "A-ASSOCIATE Request (local user)",
	Evt2:  "Transport Connect Confirmation (local transport service)",
	Evt3:  "A-ASSOCIATE-AC PDU (received on transport connection)",
	Evt4:  "A-ASSOCIATE-RJ PDU (received on transport connection)",
	Evt5:  "Transport Connection Indication (local transport service)",
	Evt6:  "A-ASSOCIATE-RQ PDU (received on transport connection)",
	Evt7:  "A-ASSOCIATE response primitive (accept)",
	Evt8:  "A-ASSOCIATE response primitive (reject)",
	Evt9:  "P-DATA request primitive",
	Evt10: "P-DATA-TF PDU",
	Evt11: "A-RELEASE Request primitive",
	Evt12: "A-RELEASE-RQ PDU (received on open transport connection)",
	Evt13: "A-RELEASE-RP PDU (received on transport connection)",
	Evt14: "A-RELEASE Response primitive",
	Evt15: "A-ABORT Request primitive",
	Evt16: "A-ABORT PDU (received on open transport connection)",
	Evt17: "Transport connection closed indication (local transport service)",
	Evt18: "ARTIM timer expired (Association reject/release timer)",
	Evt19: "Unrecognized or invalid PDU received",
}

var actionSentences = [actions + 1]string{
	AE1:  "Issue TRANSPORT CONNECT request primitive to local transport service",
	AE2:  "Send A-ASSOCIATE-RQ-PDU",
	AE3:  "Issue A-ASSOCIATE confirmation (accept) primitive",
	AE4:  "Issue A-ASSOCIATE confirmation (reject) primitive and close transport connection",
	AE5:  "Issue Transport connection response primitive; start ARTIM timer",
	AE6:  "Stop ARTIM timer and if A-ASSOCIATE-RQ acceptable by service-provider: issue A-ASSOCIATE indication primitive; otherwise: issue A-ASSOCIATE-RJ-PDU and start ARTIM timer",
	AE7:  "Send A-ASSOCIATE-AC PDU",
	AE8:  "Send A-ASSOCIATE-RJ PDU and start ARTIM timer",
	DT1:  "Send P-DATA-TF PDU",
	DT2:  "Send P-DATA indication primitive",
	AR1:  "Send A-RELEASE-RQ PDU",
	AR2:  "Issue A-RELEASE indication primitive",
	AR3:  "Issue A-RELEASE confirmation primitive, and close transport connection",
	AR4:  "Issue A-RELEASE-RP PDU and start ARTIM timer",
	AR5:  "Stop ARTIM timer",
	AR6:  "Issue P-DATA indication",
	AR7:  "Issue P-DATA-TF PDU",
	AR8:  "Issue A-RELEASE indication (release collision)",
	AR9:  "Send A-RELEASE-RP PDU",
	AR10: "Issue A-RELEASE confirmation primitive",
	AA1:  "Send A-ABORT PDU (service-user source) and start (or restart if already started) ARTIM timer",
	AA2:  "Stop ARTIM timer if running. Close transport connection",
	AA3:  "If service-user initiated abort: issue A-ABORT indication and close transport connection; otherwise: issue A-P-ABORT indication and close transport connection",
	AA4:  "Issue A-P-ABORT indication primitive",
	AA5:  "Stop ARTIM timer",
	AA6:  "Ignore PDU",
	AA7:  "Send A-ABORT PDU",
	AA8:  "Send A-ABORT PDU (service-provider source), issue an A-P-ABORT indication, and start ARTIM timer",
}
