package dicomweb_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"

	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/dicom/dict"
	"github.com/leadglass/leadglass/dicomweb"
)

// Count the studies of a year and their images, one result at a time.
func ExampleClient_Search() {
	archive := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Println(r.Method, r.RequestURI)
		w.Header().Set("Content-Type", "application/dicom+json")
		io.WriteString(w, `[{"0020000D":{"vr":"UI","Value":["2.25.1"]},"00201208":{"vr":"IS","Value":[412]}},
			{"0020000D":{"vr":"UI","Value":["2.25.2"]},"00201208":{"vr":"IS","Value":["88"]}}]`)
	}))
	defer archive.Close()

	c, err := dicomweb.NewClient(archive.URL+"/dicom-web", dicomweb.Options{UserAgent: "example/1"})
	if err != nil {
		fmt.Println(err)
		return
	}
	images := int64(0)
	found, err := c.Search(context.Background(), dicomweb.Query{
		Level:   dicomweb.Studies,
		Match:   []dicomweb.Match{{Attribute: dicomweb.Attribute{dict.StudyDate}, Value: "20240101-20241231"}},
		Include: []dicomweb.Attribute{{dict.NumberOfStudyRelatedInstances}},
		Limit:   100,
	}, func(d *dicom.Dataset) error {
		n, _ := d.Int(dict.NumberOfStudyRelatedInstances)
		images += n
		return nil
	})
	fmt.Println(found.Results, "studies,", images, "images,", err)
	// Output:
	// GET /dicom-web/studies?00080020=20240101-20241231&includefield=00201208&limit=100
	// 2 studies, 500 images, <nil>
}

// Ask whether retrieval is open without retrieving anything: a study that
// cannot exist is not found, or the server wants to know who asks.
func ExampleClient_Status() {
	archive := httptest.NewServer(http.NotFoundHandler())
	defer archive.Close()

	c, err := dicomweb.NewClient(archive.URL, dicomweb.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(c.Status(context.Background(), dicomweb.Resource{Study: dicom.NewUID()}))
	// Output: 404 <nil>
}
