package product

import (
	"net/http"
	"strings"
)

// Platform is what software runs on, as far as its vulnerabilities differ by it.
type Platform string

// The platforms.
const (
	Windows Platform = "windows"
	Unix    Platform = "unix" // Linux, BSD and macOS
)

// platform is what the Server headers say: httpd writes "(Win32)" or "(Ubuntu)"
// after its version, and IIS is for Windows alone. Headers that disagree, as of
// a proxy and what is behind it, tell nothing.
func (c *Clues) platform() Platform {
	var found Platform
	for i := range c.Pages {
		server := http.Header(c.Pages[i].Header).Get("Server")
		switch p := platformOf(server); {
		case p == "":
		case found != "" && found != p:
			return ""
		default:
			found = p
		}
	}
	return found
}

func platformOf(server string) Platform {
	if strings.HasPrefix(server, "Microsoft-") {
		return Windows
	}
	_, rest, _ := strings.Cut(server, "(")
	system, _, ok := strings.Cut(rest, ")")
	switch {
	case !ok:
		return ""
	case strings.HasPrefix(system, "Win"):
		return Windows
	}
	for _, name := range []string{
		"Unix", "Linux", "Ubuntu", "Debian", "Raspbian", "CentOS", "Red", "Fedora", "Oracle", "Amazon", "Rocky", "AlmaLinux", "SUSE", "openSUSE",
		"Mandriva", "Gentoo", "FreeBSD", "OpenBSD", "Darwin", "macOS",
	} {
		if strings.HasPrefix(system, name) {
			return Unix
		}
	}
	return ""
}
