// Package dicom reads and writes data sets and files of PS3.5, PS3.6 and PS3.10.
package dicom
