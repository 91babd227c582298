// Package dicomweb speaks the web services of PS3.18: as a client QIDO-RS searches
// and WADO-RS retrieves, as a server STOW-RS, WADO-URI and pictures as well. Client
// asks; Handler answers with what a Backend has.
//
// A search is one GET request whose parameters are matching keys, and its
// answer is an array of data sets in the DICOM JSON model:
//
//	GET /dicom-web/studies?00080020=20240101-20241231&includefield=00201208&limit=100
//	Accept: application/dicom+json
//
//	200 OK
//	Content-Type: application/dicom+json
//
//	[{"0020000D":{"vr":"UI","Value":["2.25.1"]},"00201208":{"vr":"IS","Value":[12]}}, …]
//
// A retrieve is answered with objects, each a part of a multipart message
// (PS3.18 section 8.7.1, RFC 2046 section 5.1):
//
//	GET /dicom-web/studies/2.25.1
//	Accept: multipart/related; type="application/dicom"; transfer-syntax=*
//
//	200 OK
//	Content-Type: multipart/related; type="application/dicom"; boundary=b
//
//	--b
//	Content-Type: application/dicom
//
//	(a PS3.10 file)
//	--b--
//
// Answers are streams. Client hands out one data set or part at a time and
// holds no more than that; Limits bound what a server can make it hold, and the
// context of a call how long it can take. A client follows no redirect away
// from the server that it was given.
//
// A Handler reads paths as they stand and forgives nothing in them; queries may have
// what it does not know, which a Warning names. It stores what comes as
//
//	POST /dicom-web/studies
//	Content-Type: multipart/related; type="application/dicom"; boundary=b
//
// and says of each instance what became of it (PS3.18 section I.2). Deadlines move
// with progress; an answer that breaks in the middle ends its connection, so that
// nobody takes it for whole.
//
// No error names a value of a query or an answer: they may tell who a patient is.
package dicomweb
