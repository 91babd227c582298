package policy

import (
	"time"

	"github.com/cedar-policy/cedar-go"
	"github.com/cedar-policy/cedar-go/types"
	"github.com/cedar-policy/cedar-go/x/exp/ast"

	"github.com/leadglass/leadglass"
)

// uses are the names of attributes that some rule reads. The others are not made
// for a decision; a rule cannot tell.
type uses map[types.String]bool

// of adds those of a rule.
func (u uses) of(r *rule) {
	for _, c := range (*ast.Policy)(r.policy.AST()).Conditions {
		ast.Inspect(ast.NewNode(c.Body), func(n ast.IsNode) bool {
			switch n := n.(type) {
			case ast.NodeTypeAccess:
				u[n.Value] = true
			case ast.NodeTypeHas:
				u[n.Value] = true
			}
			return true
		})
	}
}

// fields is a record in the making.
type fields struct {
	uses uses
	m    cedar.RecordMap
}

func (u uses) fields() fields { return fields{u, make(cedar.RecordMap, 8)} }

func (f fields) text(name types.String, v string) {
	if f.uses[name] {
		f.m[name] = types.String(v)
	}
}

func (f fields) yes(name types.String, v bool) {
	if f.uses[name] {
		f.m[name] = types.Boolean(v)
	}
}

func (f fields) number(name types.String, v int64) {
	if f.uses[name] {
		f.m[name] = types.Long(v)
	}
}

func (f fields) texts(name types.String, list []string) {
	if !f.uses[name] {
		return
	}
	values := make([]types.Value, len(list))
	for i, v := range list {
		values[i] = types.String(v)
	}
	f.m[name] = types.NewSet(values...)
}

// world is what is the same for every decision: archive, roles and purposes.
type world struct {
	constant map[cedar.EntityUID]cedar.Entity
	role     map[leadglass.Role]cedar.EntityUID
	alone    map[leadglass.Role]cedar.EntityUIDSet // a role, for those who have no other
	archive  cedar.EntityUIDSet                    // what each study is in
}

func newWorld(v *vocabulary) *world {
	w := &world{constant: map[cedar.EntityUID]cedar.Entity{}, role: map[leadglass.Role]cedar.EntityUID{}, alone: map[leadglass.Role]cedar.EntityUIDSet{}, archive: cedar.NewEntityUIDSet(archiveUID())}
	add := func(e cedar.EntityUID, parents ...cedar.EntityUID) {
		w.constant[e] = cedar.Entity{UID: e, Parents: cedar.NewEntityUIDSet(parents...)}
	}
	add(archiveUID())
	add(purposeUID(""))
	for _, name := range v.roles {
		role := leadglass.Role(name)
		w.role[role] = cedar.NewEntityUID(roleType, cedar.String(name))
		w.alone[role] = cedar.NewEntityUIDSet(w.role[role])
	}
	for _, p := range leadglass.Purposes() {
		var above []cedar.EntityUID
		for _, q := range p.Lineage() {
			if q != p {
				above = append(above, purposeUID(q))
			}
		}
		add(purposeUID(p), above...)
	}
	return w
}

func archiveUID() cedar.EntityUID { return cedar.NewEntityUID(archiveType, archiveID) }

func purposeUID(p leadglass.Purpose) cedar.EntityUID {
	if p == leadglass.NoPurposeGiven {
		p = noPurpose
	}
	return cedar.NewEntityUID(purposeType, cedar.String(p))
}

// entities are those of one decision.
type entities struct {
	world     *world
	principal *cedar.Entity
	resource  cedar.Entity
}

// Get is cedar.EntityGetter's.
func (e *entities) Get(uid cedar.EntityUID) (cedar.Entity, bool) {
	switch uid {
	case e.principal.UID:
		return *e.principal, true
	case e.resource.UID:
		return e.resource, true
	}
	have, ok := e.world.constant[uid]
	return have, ok
}

// principal is who asks.
func (w *world) principal(u uses, p *leadglass.Peer) cedar.Entity {
	f := u.fields()
	f.text("id", p.ID)
	f.text("issuer", p.Issuer)
	f.number("assurance", int64(p.Assurance))
	f.yes("active", p.Active)
	f.text("organisation", p.Organisation)
	f.text("department", p.Department)
	f.text("site", p.Site)
	f.text("client", p.Client)
	f.text("onBehalfOf", p.OnBehalfOf)
	return cedar.Entity{
		UID:        cedar.NewEntityUID(principalType(p), cedar.String(p.Issuer+"|"+p.ID)),
		Parents:    w.parents(p.Roles),
		Attributes: cedar.NewRecord(f.m),
	}
}

// parents are the roles that there are among those of a peer.
func (w *world) parents(roles []leadglass.Role) cedar.EntityUIDSet {
	if len(roles) == 1 {
		return w.alone[roles[0]]
	}
	var parents []cedar.EntityUID
	for _, r := range roles {
		if uid, ok := w.role[r]; ok {
			parents = append(parents, uid)
		}
	}
	return cedar.NewEntityUIDSet(parents...)
}

// principalType: a kind without an identity is nobody.
func principalType(p *leadglass.Peer) cedar.EntityType {
	if p.ID != "" {
		switch p.Kind {
		case leadglass.Person:
			return "Person"
		case leadglass.Program:
			return "Program"
		case leadglass.Device:
			return "Device"
		}
	}
	return nobodyType
}

// resource is what is asked for.
func (w *world) resource(u uses, study *leadglass.Study) cedar.Entity {
	if study == nil {
		return w.constant[archiveUID()]
	}
	f := u.fields()
	f.text("uid", string(study.UID))
	f.text("patient", string(study.Patient))
	f.text("issuer", study.Issuer)
	f.text("accession", study.Accession)
	f.texts("modalities", study.Modalities)
	f.texts("bodyParts", study.BodyParts)
	f.text("institution", study.Institution)
	f.texts("labels", study.Labels)
	f.number("series", int64(study.Series))
	f.number("instances", int64(study.Instances))
	f.number("bytes", study.Bytes)
	if u["date"] {
		if day, err := time.Parse("20060102", study.Date); err == nil {
			f.m["date"] = types.NewDatetime(day)
		}
	}
	return cedar.Entity{
		UID:        cedar.NewEntityUID(studyType, cedar.String(study.UID)),
		Parents:    w.archive,
		Attributes: cedar.NewRecord(f.m),
	}
}

// context is the rest. The route is not in it: one answer on every route.
func (w *world) context(u uses, rq *leadglass.Request, p *leadglass.Peer) cedar.Record {
	f := u.fields()
	purpose := purposeUID(rq.Purpose)
	if _, known := w.constant[purpose]; !known {
		purpose = purposeUID(leadglass.NoPurposeGiven)
	}
	f.m["purpose"] = purpose
	declared := string(rq.DeclaredBy)
	if declared == "" {
		declared = noPurpose
	}
	f.text("declaredBy", declared)
	if u["now"] {
		f.m["now"] = types.NewDatetime(rq.Time)
	}
	f.wire(p)
	if to := rq.Destination; to != nil && u["destination"] {
		d := u.fields()
		d.text("id", to.ID)
		d.text("organisation", to.Organisation)
		d.text("site", to.Site)
		d.wire(to)
		f.m["destination"] = cedar.NewRecord(d.m)
	}
	return cedar.NewRecord(f.m)
}

// wire is how somebody is connected.
func (f fields) wire(p *leadglass.Peer) {
	f.yes("tls", p.TLS)
	f.yes("loopback", p.Loopback())
	f.yes("exception", p.AcceptedBy != "")
}
