// Package dicom reads and writes data sets and files of PS3.5, PS3.6 and
// PS3.10, in memory and as streams. This comment describes the format as the
// package treats it; the standard's own words are in the sections it names.
//
// # Data elements
//
// A data set is a list of data elements in ascending order of their tags (PS3.5
// section 7.1). Each has a tag of two 16-bit numbers, group and element, a
// value representation (VR) of two letters, a length and a value of that many
// bytes. A transfer syntax says how they are laid down:
//
//	implicit VR    tag 4  length 4                         the VR is in the dictionary
//	explicit VR    tag 4  VR 2  length 2                   AE AS AT CS DA DS DT FD FL IS LO LT
//	                                                       PN SH SL SS ST TM UI UL US
//	explicit VR    tag 4  VR 2  zero 2  length 4           all others: OB OD OF OL OV OW SQ SV
//	                                                       UC UN UR UT UV and those to come
//
// Implicit VR exists in little endian only, explicit VR in both byte orders. In
// big endian the numbers of headers, and the values of those VRs that hold
// numbers, are turned round; a tag is two numbers, so its halves keep their
// order. This package hands out every value as it stands in little endian.
//
// The same data set in explicit and in implicit VR little endian:
//
//	10 00 20 00 4C 4F 06 00 31 32 33 34 35 20      (0010,0020) LO, 6 bytes, "12345 "
//	28 00 10 00 55 53 02 00 00 02                  (0028,0010) US, 2 bytes, 512
//
//	10 00 20 00 06 00 00 00 31 32 33 34 35 20
//	28 00 10 00 02 00 00 00 00 02
//
// Values have even length: text is padded with a space, UIDs and bytes with a
// zero. Several values of one element stand one after the other, text values
// with a backslash between (section 6.4).
//
// # Nesting
//
// The value of a sequence, VR SQ, is a list of items, each a data set of its
// own under the tag (FFFE,E000) (section 7.5). Lengths of sequences and items
// are either defined, or FFFFFFFF and then a delimiter marks the end. Items and
// delimiters never have a VR:
//
//	08 00 15 11 53 51 00 00 FF FF FF FF    (0008,1115) SQ, undefined length
//	  FE FF 00 E0 FF FF FF FF                item, undefined length
//	    20 00 0E 00 55 49 04 00 31 2E 32 00    (0020,000E) UI "1.2"
//	  FE FF 0D E0 00 00 00 00                end of the item
//	  FE FF 00 E0 0C 00 00 00                item of 12 bytes
//	    20 00 0E 00 55 49 04 00 31 2E 33 00    (0020,000E) UI "1.3"
//	FE FF DD E0 00 00 00 00                end of the sequence
//
// Compressed pixel data look like a sequence of undefined length, but their
// items, called fragments, hold bytes; the first is a table of offsets, which
// may be empty (section A.4). In memory they are Element.Fragments.
//
// # Files
//
// A file has 128 bytes of anything, the letters DICM, the file meta
// information (group 0002, always explicit VR little endian) that names the
// transfer syntax, and a data set (PS3.10 section 7.1). Read also takes files
// without the first two parts, or without the first three if the data set
// begins with group 0008; where no transfer syntax is named, or implicit VR but
// two letters stand in the place of a VR, the first element tells. The group length of the meta information is not believed.
//
// # What is read although it is wrong
//
// Readers meet what writers do. The following is accepted, and everything else
// that breaks the rules is a SyntaxError:
//
//   - VR UN with undefined length is a sequence in implicit VR little endian
//     (section 6.2.2, note 2). UN with a defined length stays bytes, unless
//     Options.ResolveUN is set.
//   - Implicit VR with undefined length and a tag that is no sequence in the
//     dictionary is a sequence if an item follows.
//   - Two capital letters that are no VR: a 32-bit length, as section 7.1.2
//     wants for the VRs of the future, or a 16-bit one where the two reserved
//     bytes are not zero.
//   - Anything else in place of a VR: an element in implicit VR, if its length
//     fits what is around it. Some writers switch within private sequences.
//   - Elements out of order: Decode sorts them. Of two elements with one tag
//     the first counts, as in DCMTK. WalkBytes shows what stands there.
//   - Odd lengths, lengths of delimiters that are not zero, and a delimiter at
//     the very end of a defined length.
//   - Group lengths are read as elements and otherwise ignored.
//   - Private elements in implicit VR are UN, since no dictionary here has them.
//
// An input that ends within an element gives io.ErrUnexpectedEOF. One that
// ends between two elements of the top level is a shorter data set: nothing in
// the format can tell the difference.
//
// # How it is written
//
// See Append: sequences get defined lengths, group lengths go, values are
// padded.
//
// # Memory
//
// A length is a claim. Values in a stream are read in chunks that grow with
// what really arrives, and Limits bound what is read into memory at all, how
// many elements there are, how deep they nest and what a deflated data set
// grows to. A Reader streams values of any length through a window of
// ReadAhead bytes, seeks past the long ones that nobody reads where its input
// is an io.Seeker, and a Writer takes them from a stream. WalkBytes allocates
// nothing.
package dicom
