// Package dimsetest is an image archive in memory, and a server and a client
// for tests of whatever speaks DIMSE.
//
// The archive is small but right: it does hierarchical and relational queries
// with the matching of PS3.4 section C.2.2.2, and its C-MOVE opens an
// association of its own. It looks at every object for every query.
//
//	archive, err := dimsetest.NewArchive(file)
//	address := dimsetest.Serve(t, archive, dimse.Limits{})
//	c := dimsetest.Dial(t, address, dimsetest.Request("ME", "ARCHIVE", dimsetest.Classes(dimse.StudyRootFind)...))
//	rsp, err := c.Find(ctx, query, func(identifier []byte, ts *dicom.TransferSyntax) error { … })
package dimsetest
