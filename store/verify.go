package store

import (
	"context"
	"errors"

	"deskward/core"
)

// Verify checks the whole store: the structure of the file, that each record
// opens in its place, and that the records together are those last written.
// It goes on after a problem; the error is for a store that could not be
// looked at. It holds the store shared: others read meanwhile.
func (f *File) Verify(ctx context.Context) (Report, error) {
	const tried = "store-verify"
	report := Report{Records: map[core.Kind]int{}}
	if f.Locked() {
		return report, fail(tried, f.path, core.ErrLocked)
	}
	if err := f.turns.Acquire(ctx, 1); err != nil {
		return report, err
	}
	defer f.turns.Release(1)
	f.mu.Lock()
	f.checked, f.soundStamp = pageState{}, "" // look anew
	f.mu.Unlock()
	s, err := f.begin(ctx, false, false)
	if err != nil {
		return report, fail(tried, f.path, err)
	}
	defer s.end()
	t, err := f.authentic(s)
	if err != nil {
		return report, fail(tried, f.path, err)
	}
	if info, err := s.file.Stat(); err == nil {
		report.Bytes = info.Size()
	}
	err = t.do(func() error {
		for err := range s.tx.Check() {
			report.Problems = append(report.Problems, Problem{Err: core.CleanLine(err.Error())})
		}
		if _, err := readRoster(s.head, t.k); err != nil {
			report.Problems = append(report.Problems, Problem{Err: core.CleanLine(err.Error())})
		}
		return t.verifyRecords(ctx, &report)
	})
	return report, fail(tried, f.path, err)
}

func (t *tx) verifyRecords(ctx context.Context, report *Report) error {
	kinds := map[core.Kind]bool{}
	for kind := range t.root.kinds {
		kinds[kind] = true
	}
	err := t.records.ForEachBucket(func(name []byte) error {
		kinds[core.Kind(name)] = true
		return nil
	})
	if err != nil {
		return err
	}
	for kind := range kinds {
		if err := t.verifyKind(ctx, kind, report); err != nil {
			return err
		}
	}
	return nil
}

func (t *tx) verifyKind(ctx context.Context, kind core.Kind, report *Report) error {
	var sum tally
	if in := t.records.Bucket([]byte(kind)); in != nil {
		c := in.Cursor()
		for id, raw := c.First(); id != nil; id, raw = c.Next() {
			if err := ctx.Err(); err != nil {
				return err
			}
			report.Records[kind]++
			problem := Problem{Kind: kind, ID: core.CleanLine(string(id))}
			if _, err := t.k.openRecord(kind, string(id), raw, &t.scratch); err != nil {
				problem.Err = errSeal.Error()
				if errors.Is(err, errEnvelope) {
					problem.Err = errEnvelope.Error()
				}
				report.Problems = append(report.Problems, problem)
			}
			if e, err := parseEnvelope(raw); err == nil {
				sum.add(t.k, e.tag())
			}
		}
	}
	if err := t.settle(kind, sum); err != nil {
		report.Problems = append(report.Problems, Problem{Kind: kind, Err: "records are missing, or older than the last ones written"})
	}
	return nil
}
