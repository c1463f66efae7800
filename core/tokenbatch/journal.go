package tokenbatch

import (
	"context"
	"sync"
	"time"

	"deskward/core"
)

// journal writes what many workers have to write down, together in one
// transaction as far as they come together: the store is locked and synced for
// each. What it takes is written whatever becomes of the run.
type journal struct {
	store core.Store
	ops   chan *entry
	done  sync.WaitGroup

	names map[string]string // of connections, as last read; nil: unknown
	read  time.Time
}

// namesAge is how long the names of connections are taken for true while their
// number fits: reading a thousand of them for each answer costs more than the
// answer. Who renames a connection within it to a name of the batch gets two of
// that name, and can rename one.
const namesAge = time.Second

// entry is one thing to write. write may be run several times, in a transaction
// with others, so that it must have no effect but on w and on what it sets anew
// each time. An error of refuse is the entry's own; one of write undoes the
// whole transaction.
type entry struct {
	refuse func(w core.Writer) error
	write  func(w core.Writer, names nameSet) error
	fenced bool // not without the lease
	reply  chan error
	err    error
}

// nameSet is the names that are in use, read once a transaction.
type nameSet func() (map[string]string, error)

const together = 64 // entries of one transaction at most

func newJournal(store core.Store, renew func(core.Writer) error) *journal {
	j := &journal{store: store, ops: make(chan *entry, together)}
	j.done.Go(func() {
		for e := range j.ops {
			lot := []*entry{e}
			for more := true; more && len(lot) < together; {
				select {
				case e, ok := <-j.ops:
					if more = ok; ok {
						lot = append(lot, e)
					}
				default:
					more = false
				}
			}
			j.commit(lot, renew)
		}
	})
	return j
}

// close waits until everything is written.
func (j *journal) close() {
	close(j.ops)
	j.done.Wait()
}

// put writes an entry and waits for it.
func (j *journal) put(e *entry) error {
	e.reply = make(chan error, 1)
	j.ops <- e
	return <-e.reply
}

// commit writes a lot; where one of it can't be written, each by itself, so
// that it takes no other with it.
func (j *journal) commit(lot []*entry, renew func(core.Writer) error) {
	err := j.update(lot, renew)
	if err != nil && len(lot) > 1 {
		for _, e := range lot {
			j.commit([]*entry{e}, renew)
		}
		return
	}
	for _, e := range lot {
		if err != nil {
			e.err = err
		}
		e.reply <- e.err
	}
}

// update runs one transaction, and tries again for core.SaveTime while another
// session holds the store.
func (j *journal) update(lot []*entry, renew func(core.Writer) error) error {
	ctx, cancel := context.WithTimeout(context.Background(), core.SaveTime)
	defer cancel()
	for wait := 10 * time.Millisecond; ; wait *= 2 {
		err := j.store.Update(ctx, func(w core.Writer) error { return j.writeAll(w, lot, renew) })
		if err != nil {
			j.names = nil // what was added to it is not written
		}
		if class := core.ClassOf(err); err == nil || class != core.Locked && class != core.Conflict || core.CodeOf(err) == "lease.lost" {
			return err
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

func (j *journal) writeAll(w core.Writer, lot []*entry, renew func(core.Writer) error) error {
	read := func() (map[string]string, error) {
		n, err := w.Count(core.KindConnection)
		if err != nil || j.names != nil && n == len(j.names) && time.Since(j.read) < namesAge {
			return j.names, err
		}
		j.read = time.Now()
		j.names, err = core.ConnectionNames(w)
		return j.names, err
	}
	var held error
	asked := false
	for _, e := range lot {
		e.err = nil
		if e.fenced {
			if !asked {
				asked, held = true, renew(w)
			}
			if e.err = held; e.err != nil {
				continue
			}
		}
		if e.refuse != nil {
			if e.err = e.refuse(w); e.err != nil {
				continue
			}
		}
		if err := e.write(w, read); err != nil {
			return err
		}
	}
	return nil
}
