// Package dimse is the DICOM message service element (PS3.7).
package dimse
