// Package compromise recognises marks that an intruder left in what a system
// shows to anyone: a defaced page, a miner in it, a web shell, a ransom note.
//
// A mark is words that have no business in an archive's page. It says that
// somebody should look, no more; nothing of the page or text is kept.
package compromise

import "bytes"

// The marks.
const (
	Miner      = "miner"       // a page that mines in the visitor's browser
	WebShell   = "web-shell"   // a page that runs commands for whoever asks
	Defacement = "defacement"  // a page that says who changed it
	RansomNote = "ransom-note" // a page or text that wants money
)

// maxText is how much of a page or text is looked at.
const maxText = 1 << 20

// sign is a mark and the words in lower case of which one is enough.
type sign struct {
	mark  string
	words []string
}

var signs = []sign{
	// Miners: script names and constructors of the services that rented them,
	// as the public block lists (NoCoin, MinerBlock) name them.
	{Miner, []string{
		"coinhive.min.js", "coinhive.anonymous", "coin-hive.com", "authedmine.com", "cryptoloot", "crypto-loot.com",
		"coinimp.com", "hashing.win", "webminepool.com", "deepminer.js", "deepminer.anonymous", "jsecoin.com",
		"minero.cc", "coinerra.com", "monerominer", "cryptonight.wasm", "webminerpool", "startmining(",
	}},
	// Web shells: the titles and forms by which the common ones announce themselves.
	{WebShell, []string{
		"c99shell", "r57shell", "b374k", "wso shell", "filesman'", "filesman\"", "jspspy", "weevely", "indoxploit", "alfa team shell",
		"p0wny@shell", "php web shell", "cmd.jsp", "jsp file browser", "mini shell by", "aspxspy",
	}},
	{Defacement, []string{
		"hacked by", "defaced by", "h4cked by", "hack3d by", "hacked_by", "pwned by", "0wned by", "owned by team",
		"security breached by", "your security is low", "this site has been hacked", "was here - hacked",
	}},
}

// A ransom note says what was done and what is wanted. Ordinary pages say that
// data is encrypted and whom to contact; they do not name a currency of blackmail.
var (
	ransomClaims = []string{
		"files have been encrypted", "files are encrypted", "files are locked", "data has been encrypted", "data is encrypted",
		"database has been encrypted", "data is backed up", "recover your data", "restore your data", "restore your files",
		"recover your files", "decrypt", "stolen your data", "leak your data", "will be leaked", "read_me_to_recover",
	}
	ransomDemands = []string{
		"bitcoin", " btc", "monero", " xmr", ".onion", "the ransom", "pay ransom", "pay to get", "pay to recover", "pay us", "must pay",
	}
)

// Page returns the marks in a web page, each once, in the order of the constants.
func Page(body []byte) []string {
	text := lower(body)
	var marks []string
	for _, s := range signs {
		if says(text, s.words) {
			marks = append(marks, s.mark)
		}
	}
	if ransom(text) {
		marks = append(marks, RansomNote)
	}
	return marks
}

// Ransom says whether a text sampled from a data set reads like a ransom note.
func Ransom(text []byte) bool { return ransom(lower(text)) }

func ransom(text []byte) bool { return says(text, ransomClaims) && says(text, ransomDemands) }

func says(text []byte, words []string) bool {
	for _, w := range words {
		if bytes.Contains(text, []byte(w)) {
			return true
		}
	}
	return false
}

func lower(b []byte) []byte { return bytes.ToLower(b[:min(len(b), maxText)]) }
