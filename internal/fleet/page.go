package fleet

// page is whose web pages a service shows.
type page string

const (
	noPage         page = ""
	pageOrthanc    page = "orthanc"
	pageOHIF       page = "ohif"
	pageOviyam     page = "oviyam"
	pageDcm4chee   page = "dcm4chee"
	pageDcm4cheArc page = "dcm4chee-arc"
	pageConquest   page = "conquest"
	pageMedDream   page = "meddream"
	pageWeasis     page = "weasis"
	pageClear      page = "clearcanvas"
	pageOsiriX     page = "osirix"
	pagePlain      page = "plain" // a page that tells nothing
)
