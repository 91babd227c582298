package leadglass

// Effect is what was decided. The zero value denies.
type Effect uint8

// The effects.
const (
	Deny Effect = iota
	Permit
)

func (e Effect) String() string {
	if e == Permit {
		return "permit"
	}
	return "deny"
}

// Reason is why something was denied, in a word that tells nothing about what
// exists. It is the same for what is hidden and for what is not there.
type Reason string

// The reasons. A peer is told one of them and no more.
const (
	NoReason       Reason = ""                // permitted
	NoIdentity     Reason = "no-identity"     // nobody is shown to ask
	NotActive      Reason = "not-active"      // locked, expired, not yet valid
	NotEncrypted   Reason = "not-encrypted"   // neither TLS nor loopback nor an accepted exception
	NoPurpose      Reason = "no-purpose"      // none declared, or one unknown
	WrongPurpose   Reason = "wrong-purpose"   // one that the rules do not admit for this
	NoRule         Reason = "no-rule"         // no rule permits it
	Forbidden      Reason = "forbidden"       // a rule forbids it
	LogUnavailable Reason = "log-unavailable" // it cannot be recorded, so it cannot be done
)

// Obligation is what has to be done with what is released.
type Obligation string

// The obligations.
const (
	Watermark    Obligation = "watermark"
	NoExport     Obligation = "no-export"
	Notify       Obligation = "notify"
	ReviewAlways Obligation = "review-always"
	StepUp       Obligation = "step-up"
)

// Decision is what a policy says to a request about one study.
type Decision struct {
	Effect      Effect
	Reason      Reason   // where denied
	Rules       []string // ids of the rules that decided, in the order of their names
	Policy      string   // hash of the policy set, see Decider.Policy
	Obligations []Obligation
}
