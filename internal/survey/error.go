package survey

// Error says why a run did not begin or go on, and what helps.
type Error struct {
	What   string
	Remedy string
	Err    error // below, or nil
}

func (e *Error) Error() string {
	if e.Err != nil {
		return "survey: " + e.What + ": " + e.Err.Error()
	}
	return "survey: " + e.What
}

func (e *Error) Unwrap() error { return e.Err }

// Hint is what helps.
func (e *Error) Hint() string { return e.Remedy }
