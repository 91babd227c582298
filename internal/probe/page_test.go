package probe_test

import (
	"strings"
	"testing"

	"github.com/leadglass/leadglass/internal/probe"
	"github.com/leadglass/leadglass/internal/product"
)

func TestTitle(t *testing.T) {
	for page, want := range map[string]string{
		"": "",
		"<html><head><TITLE lang=en>\n Orthanc Explorer </TITLE>": "Orthanc Explorer",
		"<title>A &amp; B</title>":                                "A & B",
		"<title>unended":                                          "unended",
		"<title":                                                  "",
		"<title>":                                                 "",
		"<title>" + strings.Repeat("x", 300):                      strings.Repeat("x", 200),
		"no title":                                                "",
		"\u212a<title>K</title>":                                  "K", // a rune that is longer in lower case
	} {
		if got := probe.Title([]byte(page)); got != want {
			t.Errorf("Title(%q) = %q, want %q", page, got, want)
		}
	}
}

func TestLogin(t *testing.T) {
	for _, tt := range []struct {
		page product.Page
		want bool
	}{
		{product.Page{Status: 401}, true},
		{product.Page{Status: 403}, true},
		{product.Page{Status: 404}, false},
		{product.Page{Status: 200, Path: "/"}, false},
		{product.Page{Status: 200, Path: "/oviyam2/login.html"}, true},
		{product.Page{Status: 200, Body: []byte(`<INPUT TYPE="PASSWORD">`)}, true},
		{product.Page{Status: 200, Body: []byte(`<form action=j_security_check>`)}, true},
		{product.Page{Status: 200, Body: []byte(`<h1>Studies</h1>`)}, false},
	} {
		if got := probe.Login(tt.page); got != tt.want {
			t.Errorf("Login(%d %q %q) = %v, want %v", tt.page.Status, tt.page.Path, tt.page.Body, got, tt.want)
		}
	}
}

func TestAnswersQIDO(t *testing.T) {
	none := product.Page{Status: 404}
	for _, tt := range []struct {
		name        string
		page, never product.Page
		want        bool
	}{
		{"matches", product.Page{Status: 200, Body: []byte(`[{"0020000D":{"vr":"UI","Value":["1.2"]}}]`)}, none, true},
		{"matches_without_vr", product.Page{Status: 200, Body: []byte(`[{"00100010":{"Value":[{"Alphabetic":"FROLLO"}]},"00100020":{"Value":[7]}}]`)}, none, true},
		{"cut_off", product.Page{Status: 200, Body: []byte(`[{"0020000D":{"vr":"UI","Value":["1.2"]}},{"0020`)}, none, true},
		{"no_matches", product.Page{Status: 200, Body: []byte(` [ ] `)}, none, true},
		{"no_content", product.Page{Status: 204}, none, true},
		{"no_content_for_everything", product.Page{Status: 204}, product.Page{Status: 204}, false},
		{"an_object", product.Page{Status: 200, Body: []byte(`{"a":[]}`)}, none, false},
		{"a_list_of_words", product.Page{Status: 200, Body: []byte(`["a","b"]`)}, none, false},
		{"a_list_of_others", product.Page{Status: 200, Body: []byte(`[{"id":3,"name":"x"}]`)}, none, false},
		{"a_page", product.Page{Status: 200, Body: []byte(`<html>`)}, none, false},
		{"nothing", product.Page{Status: 200}, none, false},
		{"closed", product.Page{Status: 401, Body: []byte(`[]`)}, none, false},
		{"broken", product.Page{Status: 500, Body: []byte(`[]`)}, none, false},
	} {
		if got := probe.AnswersQIDO(tt.page, tt.never); got != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}
