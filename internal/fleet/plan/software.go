package plan

// software is a product as it shows itself on the wire, and what someone who
// knows the field concludes from that.
type software struct {
	vendor, Product, Version string    // the conclusion; "" where the clues do not tell
	ClassUID                 string    // Implementation Class UID
	VersionName              string    // Implementation Version Name
	Page                     page      // its web page, noPage where it has none that is known
	builtOn                  []release // what the clues name besides: the toolkit, the viewer in front
	share                    uint64    // how often it is met
}

// identity is what makes software identical.
type identity struct{ classUID, versionName, product, version string }

func (s *software) identity() identity {
	return identity{s.ClassUID, s.VersionName, s.Product, s.Version}
}

// withoutAssociation is what the pages alone tell, where there is no DICOM.
func (s *software) withoutAssociation() *software {
	t := &software{vendor: s.vendor, Product: s.Product, Page: s.Page}
	if s.Page == pageOrthanc {
		t.Version = s.Version
	}
	return t
}

// Releases are all products and versions that a system shows.
func Releases(d *DICOMService, webs []*WebService) []release {
	var list []release
	add := func(s *software) {
		list = append(append(list, release{s.Product, s.Version}), s.builtOn...)
	}
	if d != nil && d.accepts() {
		add(d.Software)
	}
	for _, w := range webs {
		if d == nil {
			add(w.Software.withoutAssociation())
		}
		if w.Stack != nil {
			list = append(list, w.Stack.products...)
		}
	}
	return list
}

const (
	dcmtkUID    = "1.2.276.0.7230010.3.0."
	conquestUID = "1.2.826.0.1.3680043.2.135.1066.101"
)

func dcmtk(version, name string, share uint64) software {
	return software{vendor: "OFFIS", Product: "DCMTK", Version: version, ClassUID: dcmtkUID + version, VersionName: name, share: share}
}

// behind is software with a viewer's or its own pages in front.
func (s software) behind(p page) software {
	s.Page, s.share = p, 10
	return s
}

// orthanc associates as the toolkit that it is built on; only its pages tell.
func orthanc(version string, p page, on software) software {
	return software{
		vendor: "Orthanc Team, UCLouvain", Product: "Orthanc", Version: version, Page: p, share: 10,
		ClassUID: on.ClassUID, VersionName: on.VersionName, builtOn: []release{{on.Product, on.Version}},
	}
}

// Catalogue is software that several sites run. The names on the wire are those
// of the products' sources and conformance statements, as package product lists
// them; where a vendor's name for a version is not public, there is none.
var Catalogue = func() []software {
	dcm4chee := software{vendor: "dcm4che.org", Product: "dcm4chee", ClassUID: "1.2.40.0.13.1.1.1", VersionName: "dcm4che-1.4.31", share: 50}
	arc := func(version string, share uint64) software {
		return software{vendor: "dcm4che.org", Product: "dcm4chee-arc", Version: version, ClassUID: "1.2.40.0.13.1.3", VersionName: "dcm4che-" + version, share: share}
	}
	conquest := func(version string, share uint64) software {
		return software{vendor: "Netherlands Cancer Institute", Product: "Conquest", Version: version, ClassUID: conquestUID, VersionName: version + "/WIN32", share: share}
	}
	osirix := software{vendor: "Pixmeo", Product: "OsiriX", ClassUID: "1.3.6.1.4.1.19291.2.1", VersionName: "OSIRIX", share: 30}
	clear := software{vendor: "ClearCanvas", Product: "ClearCanvas", ClassUID: "1.3.6.1.4.1.25403.1.1.1", VersionName: "Dicom 0.1", share: 40}
	dcmtk364 := dcmtk("3.6.4", "OFFIS_DCMTK_364", 60)
	older := dcm4chee
	older.VersionName, older.share = "dcm4che-1.4.27", 20
	return []software{
		dcmtk364, dcmtk("3.6.2", "OFFIS_DCMTK_362", 50), dcmtk("3.6.0", "OFFIS_DCMTK_360", 45),
		dcmtk("3.6.1", "OFFIS_DCMTK_361", 30), dcmtk("3.6.3", "OFFIS_DCMTK_363", 20), dcmtk("3.5.4", "OFFIS_DCMTK_354", 30),
		dcmtk("3.5.3", "OFFIS_DCMTK_353", 6),
		conquest("1.4.17", 25), conquest("1.4.19", 15), conquest("1.5.0", 10),
		dcm4chee, older, arc("5.14.0", 12), arc("5.18.1", 10),
		osirix, clear,
		{vendor: "dcm4che.org", Product: "dcm4che", ClassUID: "1.2.40.0.13.1.1", VersionName: "dcm4che-2.0", share: 40},
		{vendor: "GE HealthCare", Product: "GE Centricity PACS", ClassUID: "1.2.840.113619.6.55", share: 30},
		{vendor: "Agfa HealthCare", Product: "Agfa IMPAX", ClassUID: "1.2.124.113532.3320", VersionName: "BROKER992.0", share: 15},
		{vendor: "Siemens Healthineers", Product: "Siemens syngo", ClassUID: "1.3.12.2.1107.5.8.2", share: 12},
		{vendor: "Fujifilm", Product: "Fujifilm Synapse", ClassUID: "1.2.392.200036.9125.3.1", share: 12},
		{vendor: "Philips", Product: "Philips IntelliSpace PACS", ClassUID: "1.3.46.670589.54.1", share: 8},
		{vendor: "Philips (Carestream)", Product: "Carestream Vue PACS", ClassUID: "1.2.840.113564.3.3", share: 12},
		{vendor: "Sectra", Product: "Sectra PACS", ClassUID: "1.2.752.24.3.3", share: 6},
		{vendor: "Merge (Merative)", Product: "MergeCOM", Version: "390", ClassUID: "2.16.840.1.113669.2.1.1", VersionName: "MergeCOM3_390", share: 25},
		{vendor: "pydicom", Product: "pynetdicom", Version: "1.4.1", ClassUID: "1.2.826.0.1.3680043.9.3811.1.4.1", VersionName: "PYNETDICOM_141", share: 10},
		{vendor: "fo-dicom", Product: "fo-dicom", Version: "4.0.1", ClassUID: "1.3.6.1.4.1.30071.8", VersionName: "fo-dicom 4.0.1", share: 15},
		{vendor: "GDCM", Product: "GDCM", Version: "2.8.4", ClassUID: "1.2.826.0.1.3680043.2.1143.107.104.103.115.2.8.4", VersionName: "GDCM 2.8.4", share: 5},

		orthanc("1.5.7", pageOrthanc, dcmtk364), orthanc("1.4.2", pageOrthanc, dcmtk("3.6.2", "OFFIS_DCMTK_362", 0)),
		orthanc("", pageOrthancAsk, dcmtk364),
		dcmtk364.behind(pageOHIF), dcm4chee.behind(pageOviyam), dcm4chee.behind(pageDcm4chee),
		arc("5.18.1", 0).behind(PageDcm4cheArc), conquest("1.4.17", 0).behind(pageConquest),
		dcmtk("3.6.0", "OFFIS_DCMTK_360", 0).behind(pageMedDream), dcmtk("3.6.0", "OFFIS_DCMTK_360", 0).behind(pageMedAsk),
		dcm4chee.behind(pageWeasis), clear.behind(pageClear), osirix.behind(pageOsiriX),
	}
}()
