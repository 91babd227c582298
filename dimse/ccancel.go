package dimse

// cancel takes a C-CANCEL-RQ (PS3.7 section 9.3.2.3). One that names no running
// operation came too late, which is nobody's fault, and nothing answers it.
func (s *server) cancel(rq *Command) error {
	if rq.HasDataset {
		return s.l.skipData()
	}
	if op := s.running; op != nil && op.id == rq.RespondedTo {
		op.cancel(ErrCancel)
	}
	return nil
}
