package review_test

import "github.com/leadglass/leadglass/internal/durable"

// unsynced is the disk without waiting for it: what is tested here is not lost by
// a power cut.
type unsynced struct{ durable.FS }

type unsyncedFile struct{ durable.File }

func (unsyncedFile) Sync() error { return nil }

func (unsynced) SyncDir(string) error { return nil }

func (u unsynced) Create(name string) (durable.File, error) {
	f, err := u.FS.Create(name)
	return unsyncedFile{f}, err
}

func (u unsynced) Open(name string) (durable.File, error) {
	f, err := u.FS.Open(name)
	return unsyncedFile{f}, err
}
