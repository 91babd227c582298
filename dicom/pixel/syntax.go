package pixel

import (
	"strconv"
	"strings"

	"github.com/leadglass/leadglass/dicom"
)

// jpegFamily is the arc of the transfer syntaxes of ISO/IEC JTC 1/SC 29.
const jpegFamily = "1.2.840.10008.1.2.4."

const (
	noCodec = "its decoder is not part of this program"
	isVideo = "video is not decoded; retrieve it as it is"
	retired = "the syntax is retired"
)

// unsupported names a transfer syntax that is not decoded and says why.
func unsupported(uid dicom.UID) error {
	name, reason := "an unknown compression", "the syntax is unknown"
	if n, err := strconv.Atoi(strings.TrimPrefix(string(uid), jpegFamily)); err == nil && strings.HasPrefix(string(uid), jpegFamily) {
		name, reason = family(n)
	}
	if strings.HasPrefix(string(uid), "1.2.840.10008.1.2.7.") {
		name, reason = "SMPTE ST 2110", isVideo
	}
	return &UnsupportedSyntax{Syntax: uid, Name: name, Reason: reason}
}

func family(n int) (name, reason string) {
	switch {
	case n >= 52 && n <= 66:
		return "JPEG of a retired process", retired
	case n == 80 || n == 81:
		return "JPEG-LS", noCodec
	case n >= 90 && n <= 93:
		return "JPEG 2000", noCodec
	case n == 94 || n == 95:
		return "JPIP", "the pixels are at another server"
	case n >= 100 && n <= 101:
		return "MPEG-2", isVideo
	case n >= 102 && n <= 106:
		return "MPEG-4 AVC", isVideo
	case n == 107 || n == 108:
		return "HEVC", isVideo
	case n >= 110 && n <= 112:
		return "JPEG XL", noCodec
	case n >= 201 && n <= 205:
		return "High-Throughput JPEG 2000", noCodec
	}
	return "an unknown compression", "the syntax is unknown"
}
