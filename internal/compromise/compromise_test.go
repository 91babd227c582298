package compromise_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/leadglass/leadglass/internal/compromise"
)

func TestPage(t *testing.T) {
	for name, tt := range map[string]struct {
		page string
		want []string
	}{
		"clean":        {"<title>Orthanc Explorer</title><script src=libs/jquery.min.js>", nil},
		"viewer":       {"<title>OHIF Viewer</title> Pay attention to the patient's payment class", nil},
		"miner":        {`<script src="https://coinhive.com/lib/CoinHive.min.js"></script>`, []string{"miner"}},
		"shell":        {"<title>b374k 2.8</title><form>cmd</form>", []string{"web-shell"}},
		"defaced":      {"<h1>HACKED BY nobody</h1>", []string{"defacement"}},
		"ransom":       {"All your files are encrypted. Send 1 Bitcoin", []string{"ransom-note"}},
		"one_word":     {"Encrypted with BitLocker; we do not accept bitcoin", nil},
		"several":      {"hacked by x <script>CoinHive.Anonymous('k')</script>", []string{"miner", "defacement"}},
		"past_the_end": {strings.Repeat(" ", 1<<20) + "hacked by x", nil},
		"empty":        {"", nil},
	} {
		t.Run(name, func(t *testing.T) {
			if got := compromise.Page([]byte(tt.page)); !slices.Equal(got, tt.want) {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

func TestRansom(t *testing.T) {
	for text, want := range map[string]bool{
		"YOUR DATA IS ENCRYPTED, PAY 2 BTC": true,
		"To restore your data send bitcoin": true,
		"CT THORAX W CONTRAST":              false,
		"Decrypt":                           false,
		"MRI brain, patient pay class B":    false,
		"":                                  false,
	} {
		if got := compromise.Ransom([]byte(text)); got != want {
			t.Errorf("Ransom(%q) = %v, want %v", text, got, want)
		}
	}
}
