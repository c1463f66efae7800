package core

import (
	"encoding/binary"
	"errors"
	"time"
)

// HeadEncoder writes a record's head: a version, then strings and times,
// each with its length. Heads are decoded by the ten thousand when a screen
// opens, where JSON costs more than the decryption.
type HeadEncoder struct{ buf []byte }

// NewHeadEncoder starts a head of the given version.
func NewHeadEncoder(version uint64) *HeadEncoder {
	return &HeadEncoder{binary.AppendUvarint(make([]byte, 0, 128), version)}
}

// String appends a text.
func (e *HeadEncoder) String(s string) *HeadEncoder {
	e.buf = append(binary.AppendUvarint(e.buf, uint64(len(s))), s...)
	return e
}

// Time appends a time in whole milliseconds; the zero time stays zero.
func (e *HeadEncoder) Time(t time.Time) *HeadEncoder {
	var ms int64
	if !t.IsZero() {
		ms = t.UnixMilli()
	}
	e.buf = binary.AppendVarint(e.buf, ms)
	return e
}

// Bool appends a truth value.
func (e *HeadEncoder) Bool(v bool) *HeadEncoder {
	if v {
		e.buf = append(e.buf, 1)
	} else {
		e.buf = append(e.buf, 0)
	}
	return e
}

// Bytes returns the head.
func (e *HeadEncoder) Bytes() []byte { return e.buf }

var errHead = errors.New("record head is malformed")

// HeadDecoder reads what HeadEncoder wrote. Missing trailing fields read as
// zero values, so that a head may grow; the first malformed one sets Err.
type HeadDecoder struct {
	buf     string // one copy, of which the decoded strings are parts
	Version uint64
	err     error
}

// NewHeadDecoder starts reading a head.
func NewHeadDecoder(head []byte) *HeadDecoder {
	d := &HeadDecoder{buf: string(head)}
	d.Version = d.uvarint()
	return d
}

// Err returns the first malformation met.
func (d *HeadDecoder) Err() error { return d.err }

func (d *HeadDecoder) uvarint() uint64 {
	var v uint64
	for i := range len(d.buf) {
		if i == binary.MaxVarintLen64 {
			break
		}
		c := d.buf[i]
		v |= uint64(c&0x7f) << (7 * i)
		if c < 0x80 {
			d.buf = d.buf[i+1:]
			return v
		}
	}
	if d.buf != "" {
		d.err, d.buf = errHead, ""
	}
	return 0
}

// String reads a text.
func (d *HeadDecoder) String() string {
	n := d.uvarint()
	if n > uint64(len(d.buf)) {
		d.err, d.buf = errHead, ""
		return ""
	}
	s := d.buf[:n]
	d.buf = d.buf[n:]
	return s
}

// Time reads a time, in UTC.
func (d *HeadDecoder) Time() time.Time {
	u := d.uvarint()
	ms := int64(u >> 1)
	if u&1 != 0 {
		ms = ^ms
	}
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

// Bool reads a truth value.
func (d *HeadDecoder) Bool() bool { return d.uvarint() != 0 }
