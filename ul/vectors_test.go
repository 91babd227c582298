package ul_test

import (
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/ul"
)

const vectorsDir = "../testdata/vectors/"

// vector is one test of testdata/vectors/ul.
type vector struct {
	TcID    int      `json:"tcId"`
	Comment string   `json:"comment"`
	Flags   []string `json:"flags"`
	PDU     string   `json:"pdu"`
	Result  string   `json:"result"`
	Source  string   `json:"source"`
	Parsed  any      `json:"parsed"`

	file, pduType string
	bytes         []byte
}

type vectorFile struct {
	NumberOfTests int            `json:"numberOfTests"`
	Notes         map[string]any `json:"notes"`
	TestGroups    []struct {
		PDUType string   `json:"pduType"`
		Tests   []vector `json:"tests"`
	} `json:"testGroups"`
}

// vectors reads all files and holds them against the schema.
func vectors(t testing.TB) []vector {
	t.Helper()
	schema := jsonschema.NewCompiler()
	compiled, err := schema.Compile(vectorsDir + "schema/ul.json")
	if err != nil {
		t.Fatal(err)
	}
	names, err := filepath.Glob(vectorsDir + "ul/*.json")
	if err != nil || len(names) < 6 {
		t.Fatalf("%d files of vectors, error %v", len(names), err)
	}
	var all []vector
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var file vectorFile
		var raw any
		if err := json.Unmarshal(text, &file); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(text, &raw); err != nil {
			t.Fatal(err)
		}
		if err := compiled.Validate(raw); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		n := 0
		for _, g := range file.TestGroups {
			for _, v := range g.Tests {
				n++
				v.file, v.pduType = filepath.Base(name), g.PDUType
				if v.bytes, err = hex.DecodeString(v.PDU); err != nil {
					t.Fatal(err)
				}
				for _, f := range v.Flags {
					if file.Notes[f] == nil {
						t.Errorf("%s %d: flag %s has no note", name, v.TcID, f)
					}
				}
				all = append(all, v)
			}
		}
		if n != file.NumberOfTests {
			t.Errorf("%s has %d tests and says %d", name, n, file.NumberOfTests)
		}
	}
	return all
}

func TestVectors(t *testing.T) {
	for _, v := range vectors(t) {
		p, err := ul.ParsePDU(v.bytes)
		switch {
		case v.Result == "invalid":
			if err == nil {
				t.Errorf("%s %d, %s: parsed %+v, want an error", v.file, v.TcID, v.Comment, p)
			}
		case err != nil:
			t.Errorf("%s %d, %s: %v", v.file, v.TcID, v.Comment, err)
		case !reflect.DeepEqual(fields(t, p), v.Parsed):
			t.Errorf("%s %d, %s:\n got %v\nwant %v", v.file, v.TcID, v.Comment, fields(t, p), v.Parsed)
		}
	}
}

// fields is a PDU as the vectors show it.
func fields(t *testing.T, p ul.PDU) any {
	t.Helper()
	var view any
	switch p := p.(type) {
	case *ul.AssociateRQ:
		view = associateView(p.ProtocolVersion, p.Called, p.Calling, p.ApplicationContext, contextsRQ(p.Contexts), &p.User)
	case *ul.AssociateAC:
		view = associateView(p.ProtocolVersion, p.Called, p.Calling, p.ApplicationContext, contextsAC(p.Contexts), &p.User)
	case *ul.RejectError:
		view = map[string]any{"result": p.Result, "source": p.Source, "reason": p.Reason}
	case *ul.AbortError:
		view = map[string]any{"source": p.Source, "reason": p.Reason}
	case *ul.DataTF:
		list := []any{}
		for _, d := range p.PDVs {
			list = append(list, map[string]any{"contextID": d.ContextID, "command": d.Command, "last": d.Last, "data": hex.EncodeToString(d.Data)})
		}
		view = map[string]any{"pdvs": list}
	default:
		view = map[string]any{}
	}
	text, err := json.Marshal(view)
	if err != nil {
		t.Fatal(err)
	}
	var plain any
	if err := json.Unmarshal(text, &plain); err != nil {
		t.Fatal(err)
	}
	return plain
}

func associateView(version uint16, called, calling ul.AETitle, app dicom.UID, contexts []any, u *ul.UserInformation) map[string]any {
	return map[string]any{
		"protocolVersion": version, "called": called, "calling": calling, "applicationContext": app,
		"contexts": contexts, "user": userView(u),
	}
}

func contextsRQ(list []ul.PresentationContext) []any {
	view := []any{}
	for _, c := range list {
		view = append(view, map[string]any{"id": c.ID, "abstractSyntax": c.AbstractSyntax, "transferSyntaxes": c.TransferSyntaxes})
	}
	return view
}

func contextsAC(list []ul.PresentationContextAC) []any {
	view := []any{}
	for _, c := range list {
		view = append(view, map[string]any{"id": c.ID, "result": c.Result, "transferSyntax": c.TransferSyntax})
	}
	return view
}

func userView(u *ul.UserInformation) map[string]any {
	view := map[string]any{"maxLength": u.MaxLength}
	if u.ImplementationClassUID != "" {
		view["implementationClassUID"] = u.ImplementationClassUID
	}
	if u.ImplementationVersionName != "" {
		view["implementationVersionName"] = u.ImplementationVersionName
	}
	if u.AsyncOperations != nil {
		view["asyncOperations"] = []uint16{u.AsyncOperations.Invoked, u.AsyncOperations.Performed}
	}
	if u.Identity != nil {
		view["identity"] = map[string]any{
			"type": u.Identity.Type, "responseRequired": u.Identity.ResponseRequired,
			"primary": hex.EncodeToString(u.Identity.Primary), "secondary": hex.EncodeToString(u.Identity.Secondary),
		}
	}
	if u.IdentityResponse != nil {
		view["identityResponse"] = hex.EncodeToString(u.IdentityResponse.Response)
	}
	list := func(name string, n int, at func(i int) any) {
		var l []any
		for i := range n {
			l = append(l, at(i))
		}
		if l != nil {
			view[name] = l
		}
	}
	list("roles", len(u.Roles), func(i int) any {
		return map[string]any{"sopClass": u.Roles[i].SOPClass, "scu": u.Roles[i].SCU, "scp": u.Roles[i].SCP}
	})
	list("extended", len(u.Extended), func(i int) any {
		return map[string]any{"sopClass": u.Extended[i].SOPClass, "info": hex.EncodeToString(u.Extended[i].Info)}
	})
	list("commonExtended", len(u.CommonExtended), func(i int) any {
		e := map[string]any{"sopClass": u.CommonExtended[i].SOPClass, "serviceClass": u.CommonExtended[i].ServiceClass}
		if r := u.CommonExtended[i].Related; r != nil {
			e["related"] = r
		}
		return e
	})
	list("unknown", len(u.Unknown), func(i int) any {
		return map[string]any{"type": u.Unknown[i].Type, "data": hex.EncodeToString(u.Unknown[i].Data)}
	})
	return view
}

func fuzzSeeds(f *testing.F, pduType string) {
	for _, v := range vectors(f) {
		if pduType == "" || v.pduType == pduType {
			f.Add(v.bytes)
		}
	}
}

func FuzzAssociateRQ(f *testing.F) { fuzzPDU(f, "A-ASSOCIATE-RQ", ul.TypeAssociateRQ) }
func FuzzAssociateAC(f *testing.F) { fuzzPDU(f, "A-ASSOCIATE-AC", ul.TypeAssociateAC) }
func FuzzAssociateRJ(f *testing.F) { fuzzPDU(f, "A-ASSOCIATE-RJ", ul.TypeAssociateRJ) }
func FuzzDataTF(f *testing.F)      { fuzzPDU(f, "P-DATA-TF", ul.TypeDataTF) }
func FuzzPDU(f *testing.F)         { fuzzPDU(f, "", 0) }

// fuzzPDU holds: what parses can be written, and what is written parses to the
// same. A type forces the first byte, so that the fuzzer stays with it.
func fuzzPDU(f *testing.F, pduType string, kind ul.PDUType) {
	fuzzSeeds(f, pduType)
	f.Fuzz(func(t *testing.T, b []byte) {
		if kind != 0 && len(b) > 0 {
			b[0] = byte(kind)
		}
		p, err := ul.ParsePDU(b)
		if err != nil {
			return
		}
		named(p)
		written, err := p.Append(nil)
		if err != nil {
			t.Fatalf("parsed and cannot be written: %v", err)
		}
		again, err := ul.ParsePDU(written)
		if err != nil {
			t.Fatalf("written and does not parse: %v", err)
		}
		if !reflect.DeepEqual(p, again) {
			t.Fatalf("\n got %+v\nwant %+v", again, p)
		}
	})
}

// named makes explicit what writing fills in.
func named(p ul.PDU) {
	switch p := p.(type) {
	case *ul.AssociateRQ:
		p.ProtocolVersion = max(p.ProtocolVersion, 1)
		if p.ApplicationContext == "" {
			p.ApplicationContext = ul.ApplicationContext
		}
	case *ul.AssociateAC:
		p.ProtocolVersion = max(p.ProtocolVersion, 1)
		if p.ApplicationContext == "" {
			p.ApplicationContext = ul.ApplicationContext
		}
	}
}
