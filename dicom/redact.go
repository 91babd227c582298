package dicom

import (
	"fmt"
	"io"
	"log/slog"
)

// A data set that a diagnostic prints by mistake would print a patient. So
// File, Dataset, Element and Visit print what they are of, never a value, whatever
// the verb and whoever prints. A program that wants to show values, as a dump
// does, takes them out itself.

// Format prints how many elements there are.
func (d Dataset) Format(f fmt.State, _ rune) { io.WriteString(f, d.describe()) }

// LogValue says how many elements there are.
func (d Dataset) LogValue() slog.Value { return slog.StringValue(d.describe()) }

func (d Dataset) describe() string {
	if len(d.Elements) == 1 {
		return "[data set of 1 element]"
	}
	return fmt.Sprintf("[data set of %d elements]", len(d.Elements))
}

// Format prints how many elements the data set has.
func (f File) Format(s fmt.State, _ rune) { io.WriteString(s, f.describe()) }

// LogValue says how many elements the data set has.
func (f File) LogValue() slog.Value { return slog.StringValue(f.describe()) }

func (f File) describe() string {
	if f.Dataset == nil {
		return "[file]"
	}
	return "[file of " + f.Dataset.describe()[1:]
}

// Format prints tag, VR and size.
func (e Element) Format(f fmt.State, _ rune) { io.WriteString(f, e.describe()) }

// LogValue gives tag, VR and size.
func (e Element) LogValue() slog.Value { return slog.StringValue(e.describe()) }

func (e Element) describe() string {
	switch {
	case e.Fragments != nil:
		return fmt.Sprintf("[%v %v of %d fragments]", e.Tag, e.VR, len(e.Fragments))
	case e.VR == SQ || e.Items != nil:
		return fmt.Sprintf("[%v %v of %d items]", e.Tag, e.VR, len(e.Items))
	}
	return fmt.Sprintf("[%v %v of %d bytes]", e.Tag, e.VR, len(e.Value))
}

// Format prints tag, VR and length.
func (v Visit) Format(f fmt.State, _ rune) { io.WriteString(f, v.describe()) }

// LogValue gives tag, VR and length.
func (v Visit) LogValue() slog.Value { return slog.StringValue(v.describe()) }

func (v Visit) describe() string {
	if v.VR == 0 {
		return fmt.Sprintf("[item of %v]", v.Tag)
	}
	return fmt.Sprintf("[%v %v of length %d]", v.Tag, v.VR, v.Length)
}
