// Package render makes pictures of frames, as PS3.18 section 8.3.5 asks and
// PS3.4 section N.2 describes. A stored value becomes grey in steps:
//
//	stored value    1034   of Pixel Data
//	modality        10     Rescale Slope 1, Intercept -1024, or a table
//	values of interest     a table or a window: centre 40, width 400, linear:
//	                       ((10 - (40-0.5)) / (400-1) + 0.5) * 255 = 109
//	presentation    109    or 255 - 109 for MONOCHROME1 and shape INVERSE
//
// The window is that of the options, else the object's table or its first window,
// else from the lowest to the highest value of the frame. Values of Pixel Padding
// are black and do not count. What multi-frame objects say for one frame goes
// before what they say for all (PS3.3 section C.7.6.16).
//
// Colours are shown as they are: RGB and YBR_FULL of more than 8 bits lose the
// lower ones, palettes are looked up. Pixels that are not square are made square.
//
// Errors that cross the floor have a code: Unsupported where a picture cannot be
// made of the object or not by this program, with the reason as their text,
// NotFound for a frame that is not there, Limited and Invalid for the object's
// fault.
package render
