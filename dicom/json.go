package dicom

// MarshalJSON gives the DICOM JSON model (PS3.18 Annex F).
func (d *Dataset) MarshalJSON() ([]byte, error) { panic("dicom: to do") }

// UnmarshalJSON reads the DICOM JSON model (PS3.18 Annex F).
func (d *Dataset) UnmarshalJSON(b []byte) error { panic("dicom: to do") }
