package dict_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/leadglass/leadglass/dicom/dict"
)

func TestLookup_Samples(t *testing.T) {
	tests := []struct {
		tag                    uint32
		vr, vrs, vm, key, name string
		retired                bool
	}{
		{dict.PatientName, "PN", "PN", "1", "PatientName", "Patient's Name", false},
		{dict.CommandField, "US", "US", "1", "CommandField", "Command Field", false},
		{dict.NumberOfStudyRelatedInstances, "IS", "IS", "1", "NumberOfStudyRelatedInstances", "Number of Study Related Instances", false},
		{0x7FE00010, "OB", "OB or OW", "1", "PixelData", "Pixel Data", false},
		{0x00280106, "US", "US or SS", "1", "SmallestImagePixelValue", "Smallest Image Pixel Value", false},
		{0x00281200, "US", "US or SS or OW", "1-n", "GrayLookupTableData", "Gray Lookup Table Data", true},
		{0xFFFEE000, "", "", "1", "Item", "Item", false},
		// Repeating groups: the overlay of group 6002, a curve, a retired pair.
		{0x60020010, "US", "US", "1", "OverlayRows", "Overlay Rows", false},
		{0x601E3000, "OB", "OB or OW", "1", "OverlayData", "Overlay Data", false},
		{0x50FE0005, "US", "US", "1", "CurveDimensions", "Curve Dimensions", true},
		{0x002031AB, "CS", "CS", "1-n", "SourceImageIDs", "Source Image IDs", true},
		{0x002804F2, "LO", "LO", "1-n", "CoefficientCoding", "Coefficient Coding", true},
		{0x10001233, "US", "US", "3", "HuffmanTableTriplet", "Huffman Table Triplet", true},
		{0x1010ABCD, "US", "US", "1-n", "ZonalMap", "Zonal Map", true},
		{0x7F020010, "OB", "OB or OW", "1", "VariablePixelData", "Variable Pixel Data", true},
		// The exact entry wins over the repeating one that shares its digits.
		{0x00280400, "LO", "LO", "1", "TransformLabel", "Transform Label", true},
		// In general: group lengths and private creators.
		{0x00080000, "UL", "UL", "1", "", "Group Length", true},
		{0x00090000, "UL", "UL", "1", "", "Group Length", true},
		{0x00090010, "LO", "LO", "1", "", "Private Creator", false},
		{0x600300FF, "LO", "LO", "1", "", "Private Creator", false},
		{0x00000000, "UL", "UL", "1", "CommandGroupLength", "Command Group Length", false},
	}
	for _, tt := range tests {
		e, ok := dict.Lookup(tt.tag)
		if !ok || e.VR != tt.vr || e.VRs != tt.vrs || e.VM != tt.vm || e.Keyword != tt.key || e.Name != tt.name || e.Retired != tt.retired {
			t.Errorf("Lookup(%08X) = %+v, %t, want %+v", tt.tag, e, ok, tt)
		}
		if got := dict.VROf(tt.tag); got != tt.vr {
			t.Errorf("VROf(%08X) = %q, want %q", tt.tag, got, tt.vr)
		}
		if tt.tag&e.Mask != e.Tag {
			t.Errorf("Lookup(%08X): tag %08X, mask %08X do not agree with it", tt.tag, e.Tag, e.Mask)
		}
	}
}

// TestLookup_Edition: what the editions after 2022b brought, or took back.
func TestLookup_Edition(t *testing.T) {
	for _, want := range []dict.Entry{
		{Tag: 0x0008001C, VR: "CS", VM: "1", Keyword: "SyntheticData", Name: "Synthetic Data"},                          // 2024d
		{Tag: 0x00080400, VR: "SQ", VM: "1", Keyword: "ScopeOfInventorySequence", Name: "Scope of Inventory Sequence"},  // 2022d
		{Tag: 0x00089007, VR: "CS", VM: "4-5", Keyword: "FrameType", Name: "Frame Type"},                                // was 4
		{Tag: 0x00100011, VR: "SQ", VM: "1", Keyword: "PersonNamesToUseSequence", Name: "Person Names to Use Sequence"}, // 2025
		{Tag: 0x00102160, VR: "SH", VM: "1", Keyword: "EthnicGroup", Name: "Ethnic Group", Retired: true},               // 2025
		{Tag: 0x00189392, VR: "SQ", VM: "1", Keyword: "MetalArtifactReductionAlgorithmIdentificationSequence", Name: "Metal Artifact Reduction Algorithm Identification Sequence"},
		{Tag: 0x30040012, VR: "DS", VM: "1", Keyword: "DoseValue", Name: "Dose Value"}, // retired in 2024d, no longer in 2026b
	} {
		want.Mask, want.VRs = 0xFFFFFFFF, want.VR
		if got, ok := dict.Lookup(want.Tag); !ok || got != want {
			t.Errorf("%08X: %+v, want %+v", want.Tag, got, want)
		}
	}
	for _, want := range []dict.UIDEntry{
		{UID: "1.2.840.10008.1.2.4.104.1", Name: "Fragmentable MPEG-4 AVC/H.264 High Profile / Level 4.2 For 2D Video", Keyword: "MPEG4HP422DF", Type: "Transfer Syntax"},
		{UID: "1.2.840.10008.1.2.8.1", Name: "Deflated Image Frame Compression", Keyword: "DeflatedImageFrameCompression", Type: "Transfer Syntax"},
		{UID: "1.2.840.10008.5.1.4.1.1.66.7", Name: "Label Map Segmentation Storage", Keyword: "LabelMapSegmentationStorage", Type: "SOP Class"},
		{UID: "1.2.840.10008.5.1.4.1.1.201.1", Name: "Inventory Storage", Keyword: "InventoryStorage", Type: "SOP Class"},
		{UID: "1.2.840.10008.5.1.4.1.1.201.6", Name: "Repository Query", Keyword: "RepositoryQuery", Type: "SOP Class"},
	} {
		if got, ok := dict.LookupUID(want.UID); !ok || got != want {
			t.Errorf("%s: %+v, want %+v", want.UID, got, want)
		}
	}
}

func TestLookup_Unknown(t *testing.T) {
	for _, tag := range []uint32{0x00091001, 0x0009000F, 0x00090100, 0x60011010, 0x00100019, 0x12345678, 0xFFFFFFFF, 0x50020001} {
		if e, ok := dict.Lookup(tag); ok {
			t.Errorf("Lookup(%08X) = %+v, want none", tag, e)
		}
	}
	if _, ok := dict.ByKeyword("PatientsName"); ok {
		t.Error("ByKeyword of no keyword found one")
	}
	if _, ok := dict.ByKeyword(""); ok {
		t.Error("ByKeyword of the empty keyword found one")
	}
	if _, ok := dict.LookupUID("1.2.3"); ok {
		t.Error("LookupUID of an unregistered UID found one")
	}
}

func TestRegistry_Counts(t *testing.T) {
	var elements, repeating, retired, uids int
	for e := range dict.All {
		elements++
		if e.Mask != 0xFFFFFFFF {
			repeating++
		}
		if e.Retired {
			retired++
		}
	}
	for range dict.AllUIDs {
		uids++
	}
	// 5189 and 88 of pydicom, 76 younger ones of DCMTK and one of 2022b; pydicom's UIDs.
	if elements != 5354 || repeating != 88 || uids != 490 {
		t.Errorf("%d elements, %d repeating, %d uids, want 5354, 88, 490", elements, repeating, uids)
	}
	if retired < 400 || retired > 600 {
		t.Errorf("%d retired elements, want some 500", retired)
	}
}

func TestRegistry_RoundTrip(t *testing.T) {
	vr := regexp.MustCompile(`^([A-Z][A-Z])?$`)
	last := uint32(0)
	for e := range dict.All {
		if e.Tag < last {
			t.Errorf("%08X comes after %08X", e.Tag, last)
		}
		last = e.Tag
		if !vr.MatchString(e.VR) || e.VM == "" {
			t.Errorf("%08X: VR %q, VM %q", e.Tag, e.VR, e.VM)
		}
		tag := e.Tag
		if e.Mask != 0xFFFFFFFF {
			tag |= 0x22222222 &^ e.Mask // some even group or element of the family
		}
		if got, ok := dict.Lookup(tag); !ok || got != e {
			t.Errorf("Lookup(%08X) = %+v, %t, want %+v", tag, got, ok, e)
		}
		if e.Keyword == "" {
			continue
		}
		if got, ok := dict.ByKeyword(e.Keyword); !ok || got != e {
			t.Errorf("ByKeyword(%q) = %+v, %t, want %+v", e.Keyword, got, ok, e)
		}
	}
}

func TestRegistry_UIDs(t *testing.T) {
	var all []string
	for u := range dict.AllUIDs {
		all = append(all, u.UID)
		if got, ok := dict.LookupUID(u.UID); !ok || got != u {
			t.Errorf("LookupUID(%q) = %+v, %t, want %+v", u.UID, got, ok, u)
		}
		if !strings.HasPrefix(u.UID, "1.2.840.10008.") || u.Type == "" {
			t.Errorf("%+v", u)
		}
	}
	if !slices.IsSorted(all) {
		t.Error("the UIDs are not sorted")
	}
	want := dict.UIDEntry{UID: "1.2.840.10008.5.1.4.1.1.2", Name: "CT Image Storage", Keyword: "CTImageStorage", Type: "SOP Class"}
	if got, _ := dict.LookupUID(dict.CTImageStorage); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if dict.ExplicitVRLittleEndian != "1.2.840.10008.1.2.1" || dict.HTJ2KLossless != "1.2.840.10008.1.2.4.201" {
		t.Error("transfer syntax constants are not theirs")
	}
}

func TestLookup_NoAllocation(t *testing.T) {
	n := testing.AllocsPerRun(100, func() {
		dict.Lookup(dict.PatientName)
		dict.Lookup(0x60020010)
		dict.Lookup(0x00091001)
		dict.ByKeyword("PatientName")
		dict.LookupUID(dict.CTImageStorage)
	})
	if n != 0 {
		t.Errorf("%v allocations, want 0", n)
	}
}

var sink int

func BenchmarkLookup(b *testing.B) {
	var tags []uint32
	for e := range dict.All {
		if e.Mask == 0xFFFFFFFF {
			tags = append(tags, e.Tag*2654435761>>3) // scrambled below
		}
	}
	i := 0
	for e := range dict.All {
		if e.Mask == 0xFFFFFFFF {
			tags[i*1553%len(tags)] = e.Tag
			i++
		}
	}
	b.ResetTimer()
	for i := range b.N {
		e, _ := dict.Lookup(tags[i%len(tags)])
		sink += len(e.VR)
	}
}

func BenchmarkVROf(b *testing.B) {
	tags := []uint32{dict.PatientName, dict.StudyInstanceUID, dict.Rows, 0x7FE00010, dict.SliceLocation, dict.ReferencedImageSequence}
	for i := range b.N {
		sink += len(dict.VROf(tags[i%len(tags)]))
	}
}

func BenchmarkLookup_Private(b *testing.B) {
	for range b.N {
		e, _ := dict.Lookup(0x00091001)
		sink += len(e.VR)
	}
}

func BenchmarkByKeyword(b *testing.B) {
	for range b.N {
		e, _ := dict.ByKeyword("StudyInstanceUID")
		sink += len(e.VR)
	}
}
