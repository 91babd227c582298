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
		"encrypts":     {"Your data is encrypted in transit, with protection against ransomware. Contact us: support@example.org", nil},
		"script":       {`function decrypt(k){return CryptoJS.AES.decrypt(k)} /* contact: x@example.org */ "touched by"; wallet`, nil},
		"manager":      {`<script src="/js/filesManager.js"></script><script src="filesman.css">`, nil},
		"backup":       {"La copia: your data is backed up daily. Pay per study. Restore your data here. Contact us", nil},
		"spanish":      {"<title>Visor de imágenes médicas</title> Inicie sesión. Contacto: pagos, recuperar sus datos, datos cifrados", nil},
		"portuguese":   {"<title>Visualizador DICOM</title> Seus dados são criptografados. Pague a conta, recupere a senha", nil},
		"ransom_short": {"ALL YOUR DATA IS BACKED UP. You must pay 0.01 BTC", []string{"ransom-note"}},
		"ransom_mail":  {"Your files have been encrypted, pay to get them back", []string{"ransom-note"}},
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
