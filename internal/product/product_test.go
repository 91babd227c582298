package product_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/leadglass/leadglass/internal/product"
)

func TestIdentify(t *testing.T) {
	page := func(path, title, body string, header ...string) product.Page {
		p := product.Page{Path: path, Status: 200, Title: title, Body: []byte(body), Header: map[string][]string{}}
		for i := 0; i+1 < len(header); i += 2 {
			p.Header[header[i]] = []string{header[i+1]}
		}
		return p
	}
	for name, tt := range map[string]struct {
		clues                  product.Clues
		product, version, kind string
		viewer                 bool
	}{
		"orthanc_by_page": {product.Clues{
			ImplementationClassUID: "1.2.276.0.7230010.3.0.3.6.7", ImplementationVersionName: "OFFIS_DCMTK_367",
			Pages: []product.Page{
				page("/system", "", `{ "ApiVersion" : 16, "DicomAet" : "ORTHANC", "Name" : "t", "Version" : "1.10.1" }`),
				page("/app/explorer.html", "Orthanc Explorer", "<html>"),
			}}, "Orthanc", "1.10.1", "archive", true},
		"dcmtk":            {product.Clues{ImplementationClassUID: "1.2.276.0.7230010.3.0.3.6.7", ImplementationVersionName: "OFFIS_DCMTK_367"}, "DCMTK", "3.6.7", "toolkit", false},
		"dcmtk_old":        {product.Clues{ImplementationClassUID: "1.2.276.0.7230010.3.0.3.5.4", ImplementationVersionName: "OFFIS_DCMTK_354"}, "DCMTK", "3.5.4", "toolkit", false},
		"dcm4chee_2":       {product.Clues{ImplementationClassUID: "1.2.40.0.13.1.1.1", ImplementationVersionName: "dcm4che-1.4.34"}, "dcm4chee", "", "archive", false},
		"dcm4chee_5":       {product.Clues{ImplementationClassUID: "1.2.40.0.13.1.3", ImplementationVersionName: "dcm4che-5.23.1"}, "dcm4chee-arc", "5.23.1", "archive", false},
		"dcm4che_toolkit":  {product.Clues{ImplementationClassUID: "1.2.40.0.13.1.1", ImplementationVersionName: "dcm4che-2.0"}, "dcm4che", "", "toolkit", false},
		"conquest":         {product.Clues{ImplementationClassUID: "1.2.826.0.1.3680043.2.135.1066.101", ImplementationVersionName: "1.4.17/WIN32"}, "Conquest", "1.4.17", "archive", false},
		"pynetdicom":       {product.Clues{ImplementationClassUID: "1.2.826.0.1.3680043.9.3811.2.0.2", ImplementationVersionName: "PYNETDICOM_202"}, "pynetdicom", "2.0.2", "toolkit", false},
		"fo_dicom":         {product.Clues{ImplementationClassUID: "1.3.6.1.4.1.30071.8", ImplementationVersionName: "fo-dicom 4.0.8"}, "fo-dicom", "4.0.8", "toolkit", false},
		"ge":               {product.Clues{ImplementationClassUID: "1.2.840.113619.6.105.1"}, "GE Centricity PACS", "", "archive", false},
		"ge_scanner":       {product.Clues{ImplementationClassUID: "1.2.840.113619.2.1"}, "GE equipment", "", "modality", false},
		"go_netdicom":      {product.Clues{ImplementationClassUID: "1.2.826.0.1.3680043.9.7133.1.1", ImplementationVersionName: "GODICOM_1_1"}, "go-netdicom", "", "toolkit", false},
		"go_netdicom_old":  {product.Clues{ImplementationClassUID: "1.2.826.0.1.3680043.9.7133.1.1", ImplementationVersionName: "GONETDICOM_1_1"}, "go-netdicom", "", "toolkit", false},
		"viewer_in_front":  {product.Clues{ImplementationClassUID: "1.2.276.0.7230010.3.0.3.6.4", Pages: []product.Page{page("/", "OHIF Viewer", "")}}, "DCMTK", "3.6.4", "toolkit", true},
		"viewer_alone":     {product.Clues{Pages: []product.Page{page("/", "OHIF Viewer", "")}}, "OHIF Viewer", "", "viewer", true},
		"server_alone":     {product.Clues{Pages: []product.Page{page("/", "It works", "", "Server", "Apache/2.2.8 (Ubuntu)")}}, "Apache HTTP Server", "2.2.8", "server", false},
		"coyote_is_tomcat": {product.Clues{Pages: []product.Page{page("/", "Apache Tomcat/7.0.55", "", "Server", "Apache-Coyote/1.1")}}, "Apache Tomcat", "7.0.55", "server", false},
		"nothing":          {product.Clues{ImplementationClassUID: "1.2.3", Pages: []product.Page{page("/", "Welcome", "hello")}}, "", "", "", false},
		"no_clues":         {product.Clues{}, "", "", "", false},
	} {
		t.Run(name, func(t *testing.T) {
			got, ok := product.Identify(&tt.clues)
			if got.Name != tt.product || got.Version != tt.version || string(got.Kind) != tt.kind || got.Viewer != tt.viewer || ok != (tt.product != "") {
				t.Errorf("got %+v, want %s %q %s viewer %v", got, tt.product, tt.version, tt.kind, tt.viewer)
			}
		})
	}
}

func TestAll_NamesEachPart(t *testing.T) {
	var names []string
	for _, p := range product.All(&product.Clues{ImplementationClassUID: "1.2.40.0.13.1.1.1", ImplementationVersionName: "dcm4che-1.4.31", Pages: []product.Page{{
		Path: "/", Status: 200, Title: "Welcome to JBoss(tm)",
		Header: map[string][]string{"X-Powered-By": {"Servlet 2.4; JBoss-4.2.3.GA"}, "Server": {"Apache-Coyote/1.1"}},
	}}}) {
		names = append(names, strings.TrimSpace(p.Name+" "+p.Version))
	}
	want := []string{"dcm4chee", "dcm4che", "Apache Tomcat", "JBoss 4.2.3.GA"}
	if !slices.Equal(names, want) {
		t.Errorf("got %q, want %q", names, want)
	}
}

func TestAll_Platform(t *testing.T) {
	for _, tt := range []struct {
		servers []string
		want    product.Platform
	}{
		{[]string{"Apache/2.2.8 (Ubuntu) PHP/5.2.4"}, product.Unix},
		{[]string{"Apache/2.2.14 (Win32) PHP/5.3.1"}, product.Windows},
		{[]string{"Apache/2.2.3 (Red Hat)"}, product.Unix},
		{[]string{"Microsoft-IIS/6.0"}, product.Windows},
		{[]string{"Apache/2.2.8"}, ""},
		{[]string{"Apache/2.2.8 (unheard of)"}, ""},
		{[]string{"Apache/2.2.8 (Ubuntu"}, ""},
		{[]string{"Apache/2.2.8", "Apache/2.2.8 (Debian)"}, product.Unix},
		{[]string{"Apache/2.2.8 (Debian)", "Microsoft-IIS/6.0"}, ""},
	} {
		var c product.Clues
		for _, s := range tt.servers {
			c.Pages = append(c.Pages, product.Page{Path: "/", Status: 200, Header: map[string][]string{"Server": {s}}})
		}
		for _, p := range product.All(&c) {
			if p.Platform != tt.want {
				t.Errorf("%q: %s runs on %q, want %q", tt.servers, p.Name, p.Platform, tt.want)
			}
		}
	}
}

func TestFingerprints(t *testing.T) {
	all := product.Fingerprints()
	if len(all) < 40 {
		t.Errorf("%d products, want at least 40", len(all))
	}
	for name, f := range all {
		if f.Source == "" || f.Vendor == "" {
			t.Errorf("%s has no source or no vendor", name)
		}
		if !slices.Contains([]string{"honeypot", "archive", "modality", "gateway", "toolkit", "viewer", "server"}, f.Kind) {
			t.Errorf("%s is a %q", name, f.Kind)
		}
		if !f.Clue {
			t.Errorf("%s has no clue", name)
		}
	}
}

func TestFingerprints_EmptyCluesMatchNothing(t *testing.T) {
	if got := product.All(&product.Clues{Pages: []product.Page{{Path: "/"}}}); len(got) != 0 {
		t.Errorf("an empty page is %v", got)
	}
}

func FuzzIdentify(f *testing.F) {
	f.Add("1.2.840.113619.6.1", "OFFIS_DCMTK_366", "Orthanc Explorer", "<html>", "Apache/2.2.8")
	f.Fuzz(func(t *testing.T, uid, version, title, body, server string) {
		p, ok := product.Identify(&product.Clues{ImplementationClassUID: uid, ImplementationVersionName: version, Pages: []product.Page{{
			Path: "/", Title: title, Body: []byte(body), Header: map[string][]string{"Server": {server}},
		}}})
		if ok && p.Name == "" {
			t.Errorf("a product without a name: %+v", p)
		}
	})
}
