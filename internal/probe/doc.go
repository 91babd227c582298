// Package probe asks: one question, one file.
//
// A target is examined in this order; each line is one connection unless it
// says otherwise.
//
//	associate    an association with everything that will be asked; the answer
//	             is the port's class. Where nothing answers in the clear, the
//	             same within TLS
//	cecho …      the questions of [DICOMQuestions], on that one association
//	anyaet       a second association under a second pair of invented titles
//	tls          one handshake for each version, where DICOM was found in TLS
//	http         one connection to each web service, kept for all its pages
//
// A question asks and writes what it heard into facts ([DICOM], [HTTP]); what
// the facts mean is for package exposure. An error of a question is one of the
// network or the protocol: it says that the question was not answered, never
// what a peer said.
//
// # What a probe never does
//
// It stores nothing on a target, changes nothing and takes nothing away. No
// C-STORE, N-ACTION or HTTP method but GET leaves this package, and package
// dimse refuses what a C-GET would bring.
// A retrieval names a study UID that was invented a moment before. Identifying
// attributes are looked at where they lie, in the decoder's callback, and what
// remains of them is their keyword and how many looked like an identifier of
// which kind. Every request waits for [Network.Pause].
package probe
