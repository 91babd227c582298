package probe

import (
	"context"

	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/dicom/dict"
	"github.com/leadglass/leadglass/dimse"
)

// sameAnswer asks for a study under a UID that nobody has. A match shows a
// machine that does not look at the question.
func sameAnswer(ctx context.Context, d *Dialogue) error {
	if !d.Facts.Study.Open || d.Facts.Study.Sample.Answers == 0 {
		return nil // it gave none to compare with
	}
	uid, err := d.asker.Invent.UID()
	if err != nil {
		return err
	}
	id := &dicom.Dataset{}
	id.SetString(dict.QueryRetrieveLevel, "STUDY")
	id.SetString(dict.StudyInstanceUID, string(uid))
	q := &dimse.Query{Model: dimse.StudyRootFind, Identifier: id}
	matched := false
	err = d.ask(ctx, func(ctx context.Context, c *dimse.Client) error {
		_, err := c.Find(ctx, q, func([]byte, *dicom.TransferSyntax) error {
			matched = true
			return d.drained.cancel()
		})
		return err
	})
	if matched {
		d.Facts.Honeypot = append(d.Facts.Honeypot, SignSameAnswer)
	}
	return err
}
