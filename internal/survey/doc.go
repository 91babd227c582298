// Package survey asks every host of a scope and collects what was found.
package survey
