package fleet

// software is a product as it shows itself on the wire, and what someone who
// knows the field concludes from that.
type software struct {
	vendor, product, version string // the conclusion; "" where the clues do not tell
	classUID                 string // Implementation Class UID
	versionName              string // Implementation Version Name
	page                     page   // its web page, noPage where it has none that is known
	share                    uint64 // how often it is met
}

// catalogue is software that several sites run. Its names on the wire are those
// that the products' sources and conformance statements give.
var catalogue = [...]software{
	{vendor: "OFFIS", product: "DCMTK", version: "3.6.4", classUID: "1.2.276.0.7230010.3.0.3.6.4", versionName: "OFFIS_DCMTK_364", share: 60},
	{vendor: "OFFIS", product: "DCMTK", version: "3.6.2", classUID: "1.2.276.0.7230010.3.0.3.6.2", versionName: "OFFIS_DCMTK_362", share: 50},
	{vendor: "OFFIS", product: "DCMTK", version: "3.6.0", classUID: "1.2.276.0.7230010.3.0.3.6.0", versionName: "OFFIS_DCMTK_360", share: 45},
	{vendor: "OFFIS", product: "DCMTK", version: "3.6.1", classUID: "1.2.276.0.7230010.3.0.3.6.1", versionName: "OFFIS_DCMTK_361", share: 30},
	{vendor: "OFFIS", product: "DCMTK", version: "3.6.3", classUID: "1.2.276.0.7230010.3.0.3.6.3", versionName: "OFFIS_DCMTK_363", share: 20},
	{vendor: "OFFIS", product: "DCMTK", version: "3.5.4", classUID: "1.2.276.0.7230010.3.0.3.5.4", versionName: "OFFIS_DCMTK_354", share: 30},
	{vendor: "OFFIS", product: "Orthanc", version: "1.5.7", classUID: "1.2.276.0.7230010.3.0.3.6.4", versionName: "OFFIS_DCMTK_364", page: pageOrthanc, share: 10},
	{vendor: "OFFIS", product: "DCMTK", version: "3.6.4", classUID: "1.2.276.0.7230010.3.0.3.6.4", versionName: "OFFIS_DCMTK_364", page: pageOHIF, share: 10},
	{vendor: "dcm4che", product: "dcm4chee", version: "", classUID: "1.2.40.0.13.1.1.1", versionName: "dcm4che-1.4.31", page: pageDcm4chee, share: 10},
	{vendor: "dcm4che", product: "dcm4chee-arc", version: "5.18.1", classUID: "1.2.40.0.13.1.3", versionName: "dcm4che-5.18.1", page: pageDcm4cheArc, share: 10},
	{vendor: "dcm4che", product: "dcm4chee", version: "", classUID: "1.2.40.0.13.1.1.1", versionName: "dcm4che-1.4.31", page: pageOviyam, share: 10},
	{vendor: "", product: "", version: "", classUID: "1.2.276.0.7230010.3.0.3.6.4", versionName: "OFFIS_DCMTK_364", page: pageMedDream, share: 10},
	{vendor: "", product: "", version: "", classUID: "1.2.276.0.7230010.3.0.3.6.4", versionName: "OFFIS_DCMTK_364", page: pageWeasis, share: 10},
	{vendor: "", product: "OsiriX", version: "", classUID: "1.2.276.0.7230010.3.0.3.6.1", versionName: "OFFIS_DCMTK_361", page: pageOsiriX, share: 10},
}
