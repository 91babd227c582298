// Package pixel reads single frames of the pixel data of DICOM objects, native
// and encapsulated, without loading the object (PS3.5 section 8 and annex A.4,
// PS3.3 section C.7.6.3). This comment describes the formats as the package
// treats them.
//
// # Native pixel data
//
// A frame is Rows times Columns pixels, from the upper left, line by line. A
// pixel has Samples per Pixel samples, each in a cell of Bits Allocated bits,
// of which Bits Stored are the value; High Bit says which is its highest. Other
// bits of the cell may hold overlays (retired) and are masked. Planar
// Configuration 1 has all cells of the first sample, then all of the second.
// Cells of one bit are packed, the first pixel in the lowest bit of a byte, and
// frames of them follow each other without a gap:
//
//	16 allocated, 12 stored, high bit 11, unsigned     34 F2         234H = 564
//	the same, signed                                   CE FF         FCEH = -50
//	16 allocated, 12 stored, high bit 15               40 23         234H = 564
//	1 allocated, 10 columns                            05 03         1010000011
//
// Frame n begins at bit (n-1) * Rows * Columns * Samples * Bits Allocated.
// YBR_FULL_422 has two cells a pixel: Y Y Cb Cr for each two pixels (PS3.3
// section C.7.6.3.1.2).
//
// In big endian the cells of OW are words that are turned round, cells of 8 and
// of 1 bit too: they come in pairs.
//
// # Encapsulated pixel data
//
// The value is a list of items: a table of offsets, which may be empty, and
// fragments, each of even length (PS3.5 section A.4):
//
//	FE FF 00 E0 08 00 00 00  00 00 00 00 0C 00 00 00    two frames, at 0 and at 12
//	FE FF 00 E0 04 00 00 00  .. .. .. ..                0: the fragment of the first
//	FE FF 00 E0 04 00 00 00  .. .. .. ..               12: those of the second, one of two
//	FE FF 00 E0 02 00 00 00  .. ..
//	FE FF DD E0 00 00 00 00
//
// Which fragments are a frame's says, in this order: that there is one frame;
// the Extended Offset Table (7FE0,0001), then the basic one, where it has an offset
// for each frame, the first of them 0, and the frame's is that of an item; that there are as many fragments as frames; and the
// marker SOI at the beginning of as many fragments of JPEG as there are frames.
//
// # RLE Lossless
//
// PS3.5 annex G: sixteen numbers of 32 bits, how many segments and where each
// begins, then the segments. A segment has one byte of one sample of all pixels,
// the most significant first, packed as runs:
//
//	02 AA BB CC     0 to 127: that many bytes and one more follow
//	FD 11           129 to 255: 257 less that many times the next byte
//	80              nothing
//
// # JPEG
//
// ITU-T T.81. What is decoded follows from the stream, not from the transfer
// syntax: Huffman coded DCT of 8 bits by image/jpeg, of 12 bits and lossless
// (process 14, all seven predictors, 2 to 16 bits, point transform, restart
// intervals of whole lines) here. Components are what Photometric Interpretation
// says, unless an Adobe marker says otherwise.
//
// # Hostile input
//
// Sizes are compared with the limits and with the bytes that are there before
// anything is allocated. A compressed frame may grow to Limits.Ratio times its
// bytes. Nothing here panics on bytes of others.
package pixel
