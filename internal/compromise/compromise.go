// Package compromise recognises marks that an intruder left in what a system
// shows to anyone.
package compromise

// Page returns the marks in a web page, as "miner", "web-shell", "defacement".
func Page(body []byte) []string { panic("compromise: to do") }

// Ransom says whether a text sampled from a data set reads like a ransom note.
func Ransom(text []byte) bool { panic("compromise: to do") }
