// Package probe asks: one question, one file.
package probe
