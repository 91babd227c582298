// Package ul is the DICOM upper layer protocol for TCP/IP (PS3.8).
package ul
