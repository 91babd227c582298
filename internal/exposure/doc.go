// Package exposure says what an answer means: how bad, why, and what to do.
package exposure
