package store

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"math/bits"
)

// bbolt trusts its file: it follows page numbers and offsets of a mapped file
// without looking, so a damaged file makes it fault, recurse without end or
// allocate without bound, partly in goroutines of its own where nothing can
// be recovered. checkPages therefore walks the pages by plain reads before
// bbolt maps them, and accepts a file only if each page number, offset,
// length and count stays inside it and no page is reached twice. What is left
// to be wrong (keys out of order, altered values) is harmless to read and
// found by the seals.

// The layout of bbolt's file, in the byte order of the machine.
const (
	pageHeader  = 16 // id uint64, flags uint16, count uint16, overflow uint32
	elementSize = 16
	bucketValue = 16 // root uint64, sequence uint64

	flagBranch   = 0x01
	flagLeaf     = 0x02
	flagMeta     = 0x04
	flagFreelist = 0x10

	elementBucket = 0x01

	boltMagic   = 0xED0CDAED
	boltVersion = 2
	metaSize    = 64

	minPageSize = 1 << 10
	maxPageSize = 64 << 10
	maxDepth    = 64 // of nested pages; real ones have three or four
)

// meta is the part of a bbolt meta page that is needed to find the rest.
type meta struct {
	pageSize uint64
	root     uint64
	freelist uint64
	pages    uint64 // high-water mark
	txid     uint64
	checksum uint64
}

// errNotBolt means that there is no sign of a bbolt file.
var errNotBolt = errors.New("not a bbolt file")

func parseMeta(page []byte) (meta, error) {
	if len(page) < pageHeader+metaSize {
		return meta{}, errNotBolt
	}
	b, order := page[pageHeader:], binary.NativeEndian
	if order.Uint32(b) != boltMagic {
		return meta{}, errNotBolt
	}
	sum := fnv.New64a()
	sum.Write(b[:56]) //nolint:errcheck // a hash does not fail
	m := meta{
		pageSize: uint64(order.Uint32(b[8:])), root: order.Uint64(b[16:]), freelist: order.Uint64(b[32:]),
		pages: order.Uint64(b[40:]), txid: order.Uint64(b[48:]), checksum: order.Uint64(b[56:]),
	}
	switch {
	case order.Uint32(b[4:]) != boltVersion:
		return meta{}, errors.New("unknown version of bbolt's file format")
	case m.checksum != sum.Sum64():
		return meta{}, errors.New("meta page: wrong checksum")
	case m.pageSize < minPageSize || m.pageSize > maxPageSize || bits.OnesCount64(m.pageSize) != 1:
		return meta{}, fmt.Errorf("meta page: page size %d", m.pageSize)
	}
	return m, nil
}

// readMeta returns the meta page that bbolt will use: the newer of those
// that are whole.
func readMeta(r io.ReaderAt, size int64) (meta, error) {
	read := func(at int64) (meta, error) {
		var page [pageHeader + metaSize]byte
		if n, err := r.ReadAt(page[:], at); n < len(page) {
			if err == io.EOF {
				err = errNotBolt
			}
			return meta{}, err
		}
		return parseMeta(page[:])
	}
	first, err := read(0)
	if err == nil {
		if second, err := read(int64(first.pageSize)); err == nil && second.txid > first.txid && second.pageSize == first.pageSize {
			return second, nil
		}
		return first, nil
	}
	for at := int64(minPageSize); at <= maxPageSize && at < size; at <<= 1 {
		if m, err := read(at); err == nil && m.pageSize == uint64(at) {
			return m, nil
		}
	}
	return meta{}, err
}

// pageWalk is one check of a file's pages.
type pageWalk struct {
	file io.ReaderAt
	meta meta
	seen []uint64 // a bit a page
	free [][]byte // buffers of pages, for reuse by depth
}

// checkPages checks everything that is reachable from m, or of the top-level
// buckets only the one named, in a file of the given size.
func checkPages(file io.ReaderAt, size int64, m meta, only string) error {
	switch {
	case m.pages < 3 || m.pages > uint64(size)/m.pageSize:
		return fmt.Errorf("the file is cut off: %d bytes for %d pages", size, m.pages)
	case m.freelist >= m.pages: // also bbolt's "no list": deskward always writes one
		return errors.New("no free list")
	}
	w := &pageWalk{file: file, meta: m, seen: make([]uint64, m.pages/64+1)}
	for id := range uint64(2) {
		w.seen[id/64] |= 1 << (id % 64)
	}
	if err := w.freelist(); err != nil {
		return err
	}
	return w.page(m.root, 0, only)
}

func (w *pageWalk) freelist() error {
	page, err := w.read(w.meta.freelist, 0)
	if err != nil {
		return err
	}
	if flags(page) != flagFreelist {
		return fmt.Errorf("page %d: not a free list", w.meta.freelist)
	}
	ids, count := page[pageHeader:], uint64(count(page))
	if count == 0xffff { // then the first number is the count
		if len(ids) < 8 {
			return errors.New("free list: cut off")
		}
		count, ids = binary.NativeEndian.Uint64(ids), ids[8:]
	}
	if count > uint64(len(ids))/8 {
		return fmt.Errorf("free list: %d entries", count)
	}
	for i := range count {
		id := binary.NativeEndian.Uint64(ids[8*i:])
		if id < 2 || id >= w.meta.pages {
			return fmt.Errorf("free list: page %d", id)
		}
		if err := w.mark(id); err != nil {
			return err
		}
	}
	return nil
}

func (w *pageWalk) mark(id uint64) error {
	if w.seen[id/64]&(1<<(id%64)) != 0 {
		return fmt.Errorf("page %d is used twice", id)
	}
	w.seen[id/64] |= 1 << (id % 64)
	return nil
}

// read returns a page with its overflow, in memory that is good until the
// next read at this depth.
func (w *pageWalk) read(id uint64, depth int) ([]byte, error) {
	if id < 2 || id >= w.meta.pages || depth >= maxDepth {
		return nil, fmt.Errorf("page %d is out of place", id)
	}
	for len(w.free) <= depth {
		w.free = append(w.free, make([]byte, w.meta.pageSize))
	}
	size, at := w.meta.pageSize, int64(id*w.meta.pageSize)
	buf := w.free[depth][:size]
	if _, err := w.file.ReadAt(buf, at); err != nil {
		return nil, fmt.Errorf("page %d: %w", id, err)
	}
	if got := binary.NativeEndian.Uint64(buf); got != id {
		return nil, fmt.Errorf("page %d calls itself %d", id, got)
	}
	overflow := uint64(binary.NativeEndian.Uint32(buf[12:]))
	if overflow >= w.meta.pages-id {
		return nil, fmt.Errorf("page %d: %d more pages", id, overflow)
	}
	for i := range overflow + 1 {
		if err := w.mark(id + i); err != nil {
			return nil, err
		}
	}
	if overflow > 0 {
		if size *= overflow + 1; uint64(cap(buf)) < size {
			buf = make([]byte, size)
			w.free[depth] = buf
		}
		buf = buf[:size]
		if _, err := w.file.ReadAt(buf, at); err != nil {
			return nil, fmt.Errorf("page %d: %w", id, err)
		}
	}
	return buf, nil
}

func flags(page []byte) uint16 { return binary.NativeEndian.Uint16(page[8:]) }

func count(page []byte) int { return int(binary.NativeEndian.Uint16(page[10:])) }

func (w *pageWalk) page(id uint64, depth int, only string) error {
	page, err := w.read(id, depth)
	if err != nil {
		return err
	}
	switch flags(page) {
	case flagBranch:
		err = w.branch(page, depth, only)
	case flagLeaf:
		err = w.leaf(page, func(key, value []byte) error {
			if only != "" && string(key) != only {
				return nil
			}
			return w.bucket(value, depth)
		})
	default:
		err = fmt.Errorf("unexpected flags %#x", flags(page))
	}
	if err != nil {
		return fmt.Errorf("page %d: %w", id, err)
	}
	return nil
}

func (w *pageWalk) branch(page []byte, depth int, only string) error {
	n := count(page)
	if n == 0 || pageHeader+n*elementSize > len(page) {
		return fmt.Errorf("%d elements", n)
	}
	for i := range n { // each leads to a page of its own, which bounds the work
		at := pageHeader + i*elementSize
		element := page[at : at+elementSize]
		pos, ksize := uint64(binary.NativeEndian.Uint32(element)), uint64(binary.NativeEndian.Uint32(element[4:]))
		if ksize == 0 || uint64(at)+pos+ksize > uint64(len(page)) {
			return fmt.Errorf("element %d: key out of bounds", i)
		}
		if err := w.page(binary.NativeEndian.Uint64(element[8:]), depth+1, only); err != nil {
			return err
		}
	}
	return nil
}

// leaf checks a leaf page and calls bucket for each element that is one.
// Elements must not share bytes: otherwise a small file could be made in
// which there is no end of things to check.
func (w *pageWalk) leaf(page []byte, bucket func(key, value []byte) error) error {
	n := count(page)
	used := uint64(pageHeader + n*elementSize)
	for i := range n {
		at := pageHeader + i*elementSize
		if at+elementSize > len(page) {
			return fmt.Errorf("%d elements", n)
		}
		element := page[at : at+elementSize]
		pos := uint64(at) + uint64(binary.NativeEndian.Uint32(element[4:]))
		ksize, vsize := uint64(binary.NativeEndian.Uint32(element[8:])), uint64(binary.NativeEndian.Uint32(element[12:]))
		used += ksize + vsize
		if ksize == 0 || pos+ksize+vsize > uint64(len(page)) || used > uint64(len(page)) {
			return fmt.Errorf("element %d: out of bounds", i)
		}
		if binary.NativeEndian.Uint32(element)&elementBucket == 0 {
			continue
		}
		if err := bucket(page[pos:pos+ksize], page[pos+ksize:pos+ksize+vsize]); err != nil {
			return err
		}
	}
	return nil
}

// bucket checks the value of a leaf element that is a bucket: a page number
// and a sequence, and if the number is 0 the bucket's one page itself.
func (w *pageWalk) bucket(value []byte, depth int) error {
	if len(value) < bucketValue {
		return errors.New("bucket: cut off")
	}
	if root := binary.NativeEndian.Uint64(value); root != 0 {
		return w.page(root, depth+1, "")
	}
	inline := value[bucketValue:]
	if len(inline) < pageHeader || flags(inline) != flagLeaf || binary.NativeEndian.Uint64(inline) != 0 ||
		binary.NativeEndian.Uint32(inline[12:]) != 0 {
		return errors.New("bucket: malformed page")
	}
	return w.leaf(inline, func(_, _ []byte) error { return errors.New("bucket within a bucket on one page") })
}
