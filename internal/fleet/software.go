package fleet

// software is a product as it shows itself on the wire, and what someone who
// knows the field concludes from that.
type software struct {
	vendor, product, version string    // the conclusion; "" where the clues do not tell
	classUID                 string    // Implementation Class UID
	versionName              string    // Implementation Version Name
	page                     page      // its web page, noPage where it has none that is known
	builtOn                  []release // what the clues name besides: the toolkit, the viewer in front
	share                    uint64    // how often it is met
}

// identity is what makes software identical.
type identity struct{ classUID, versionName, product, version string }

func (s *software) identity() identity {
	return identity{s.classUID, s.versionName, s.product, s.version}
}

// withoutAssociation is what the pages alone tell, where there is no DICOM.
func (s *software) withoutAssociation() *software {
	t := &software{vendor: s.vendor, product: s.product, page: s.page}
	if s.page == pageOrthanc {
		t.version = s.version
	}
	return t
}

// releases are all products and versions that a system shows.
func releases(d *dicomService, webs []*webService) []release {
	var list []release
	add := func(s *software) {
		list = append(append(list, release{s.product, s.version}), s.builtOn...)
	}
	if d != nil && d.accepts() {
		add(d.software)
	}
	for _, w := range webs {
		if d == nil {
			add(w.software.withoutAssociation())
		}
		if w.stack != nil {
			list = append(list, w.stack.products...)
		}
	}
	return list
}

const (
	dcmtkUID    = "1.2.276.0.7230010.3.0."
	conquestUID = "1.2.826.0.1.3680043.2.135.1066.101"
)

func dcmtk(version, name string, share uint64) software {
	return software{vendor: "OFFIS", product: "DCMTK", version: version, classUID: dcmtkUID + version, versionName: name, share: share}
}

// behind is software with a viewer's or its own pages in front.
func (s software) behind(p page) software {
	s.page, s.share = p, 10
	return s
}

// orthanc associates as the toolkit that it is built on; only its pages tell.
func orthanc(version string, p page, on software) software {
	return software{
		vendor: "Orthanc Team, UCLouvain", product: "Orthanc", version: version, page: p, share: 10,
		classUID: on.classUID, versionName: on.versionName, builtOn: []release{{on.product, on.version}},
	}
}

// catalogue is software that several sites run. The names on the wire are those
// of the products' sources and conformance statements, as package product lists
// them; where a vendor's name for a version is not public, there is none.
var catalogue = func() []software {
	dcm4chee := software{vendor: "dcm4che.org", product: "dcm4chee", classUID: "1.2.40.0.13.1.1.1", versionName: "dcm4che-1.4.31", share: 50}
	arc := func(version string, share uint64) software {
		return software{vendor: "dcm4che.org", product: "dcm4chee-arc", version: version, classUID: "1.2.40.0.13.1.3", versionName: "dcm4che-" + version, share: share}
	}
	conquest := func(version string, share uint64) software {
		return software{vendor: "Netherlands Cancer Institute", product: "Conquest", version: version, classUID: conquestUID, versionName: version + "/WIN32", share: share}
	}
	osirix := software{vendor: "Pixmeo", product: "OsiriX", classUID: "1.3.6.1.4.1.19291.2.1", versionName: "OSIRIX", share: 30}
	clear := software{vendor: "ClearCanvas", product: "ClearCanvas", classUID: "1.3.6.1.4.1.25403.1.1.1", versionName: "Dicom 0.1", share: 40}
	dcmtk364 := dcmtk("3.6.4", "OFFIS_DCMTK_364", 60)
	older := dcm4chee
	older.versionName, older.share = "dcm4che-1.4.27", 20
	return []software{
		dcmtk364, dcmtk("3.6.2", "OFFIS_DCMTK_362", 50), dcmtk("3.6.0", "OFFIS_DCMTK_360", 45),
		dcmtk("3.6.1", "OFFIS_DCMTK_361", 30), dcmtk("3.6.3", "OFFIS_DCMTK_363", 20), dcmtk("3.5.4", "OFFIS_DCMTK_354", 30),
		dcmtk("3.5.3", "OFFIS_DCMTK_353", 6),
		conquest("1.4.17", 25), conquest("1.4.19", 15), conquest("1.5.0", 10),
		dcm4chee, older, arc("5.14.0", 12), arc("5.18.1", 10),
		osirix, clear,
		{vendor: "dcm4che.org", product: "dcm4che", classUID: "1.2.40.0.13.1.1", versionName: "dcm4che-2.0", share: 40},
		{vendor: "GE HealthCare", product: "GE Centricity PACS", classUID: "1.2.840.113619.6.55", share: 30},
		{vendor: "Agfa HealthCare", product: "Agfa IMPAX", classUID: "1.2.124.113532.3320", versionName: "BROKER992.0", share: 15},
		{vendor: "Siemens Healthineers", product: "Siemens syngo", classUID: "1.3.12.2.1107.5.8.2", share: 12},
		{vendor: "Fujifilm", product: "Fujifilm Synapse", classUID: "1.2.392.200036.9125.3.1", share: 12},
		{vendor: "Philips", product: "Philips IntelliSpace PACS", classUID: "1.3.46.670589.54.1", share: 8},
		{vendor: "Philips (Carestream)", product: "Carestream Vue PACS", classUID: "1.2.840.113564.3.3", share: 12},
		{vendor: "Sectra", product: "Sectra PACS", classUID: "1.2.752.24.3.3", share: 6},
		{vendor: "Merge (Merative)", product: "MergeCOM", version: "390", classUID: "2.16.840.1.113669.2.1.1", versionName: "MergeCOM3_390", share: 25},
		{vendor: "pydicom", product: "pynetdicom", version: "1.4.1", classUID: "1.2.826.0.1.3680043.9.3811.1.4.1", versionName: "PYNETDICOM_141", share: 10},
		{vendor: "fo-dicom", product: "fo-dicom", version: "4.0.1", classUID: "1.3.6.1.4.1.30071.8", versionName: "fo-dicom 4.0.1", share: 15},
		{vendor: "GDCM", product: "GDCM", version: "2.8.4", classUID: "1.2.826.0.1.3680043.2.1143.107.104.103.115.2.8.4", versionName: "GDCM 2.8.4", share: 5},

		orthanc("1.5.7", pageOrthanc, dcmtk364), orthanc("1.4.2", pageOrthanc, dcmtk("3.6.2", "OFFIS_DCMTK_362", 0)),
		orthanc("", pageOrthancAsk, dcmtk364),
		dcmtk364.behind(pageOHIF), dcm4chee.behind(pageOviyam), dcm4chee.behind(pageDcm4chee),
		arc("5.18.1", 0).behind(pageDcm4cheArc), conquest("1.4.17", 0).behind(pageConquest),
		dcmtk("3.6.0", "OFFIS_DCMTK_360", 0).behind(pageMedDream), dcmtk("3.6.0", "OFFIS_DCMTK_360", 0).behind(pageMedAsk),
		dcm4chee.behind(pageWeasis), clear.behind(pageClear), osirix.behind(pageOsiriX),
	}
}()
