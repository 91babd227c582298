// Package report turns what a survey found into figures, files and letters.
//
// [Finish] computes every figure from the systems alone, so a survey and the
// truth of the simulated fleet are added up by the same code. [Write] makes
// the files, [Table] the text for a terminal, [Letters] one disclosure letter
// per network owner, and [Diff] compares two surveys.
//
// # Whose text is whose
//
// Product names, versions and implementation names are chosen by the peer, and
// a peer may be hostile. They are stripped of control and format characters
// and bounded once, when a survey is finished or loaded (clean.go), and
// escaped again for each place that they are written to: HTML by
// html/template, CSV against formulas, Markdown as code spans.
//
// # Grades
//
// A country is good, bad or ugly; grade.go defines what that means, and the
// report prints the definition.
package report
