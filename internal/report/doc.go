// Package report turns what a survey found into figures, files and letters.
package report
