package dict_test

import (
	"fmt"

	"github.com/leadglass/leadglass/dicom/dict"
)

func ExampleLookup() {
	e, _ := dict.Lookup(0x00100010)
	fmt.Println(e.Keyword, e.VR, e.VM, e.Name)
	e, _ = dict.Lookup(0x60123000)
	fmt.Println(e.Keyword, e.VRs)
	// Output:
	// PatientName PN 1 Patient's Name
	// OverlayData OB or OW
}

func ExampleByKeyword() {
	e, _ := dict.ByKeyword("StudyInstanceUID")
	fmt.Printf("%08X %s\n", e.Tag, e.VR)
	// Output: 0020000D UI
}

func ExampleLookupUID() {
	u, _ := dict.LookupUID(dict.CTImageStorage)
	fmt.Println(u.Name, "is a", u.Type)
	// Output: CT Image Storage is a SOP Class
}
