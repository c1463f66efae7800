package deluge

// slab hands out values many to an allocation. They live until reset, and the
// same memory serves what comes after.
type slab[T any] struct {
	chunks [][]T
	at     int // the chunk that is being filled
}

const smallest = 32

// add keeps a value.
func (s *slab[T]) add(v T) *T {
	c := s.room(1)
	*c = append(*c, v)
	return &(*c)[len(*c)-1]
}

// list keeps a list of values.
func (s *slab[T]) list(all []T) []T {
	if len(all) == 0 {
		return nil
	}
	c := s.room(len(all))
	at := len(*c)
	*c = append(*c, all...)
	return (*c)[at:len(*c):len(*c)]
}

// take is a list of n zero values.
func (s *slab[T]) take(n int) []T {
	c := s.room(n)
	at := len(*c)
	*c = (*c)[:at+n]
	return (*c)[at : at+n : at+n]
}

// room is a chunk that takes n more values without moving.
func (s *slab[T]) room(n int) *[]T {
	for ; s.at < len(s.chunks); s.at++ {
		if c := &s.chunks[s.at]; len(*c)+n <= cap(*c) {
			return c
		}
	}
	s.chunks = append(s.chunks, make([]T, 0, max(n, smallest<<min(s.at, 5))))
	return &s.chunks[s.at]
}

// reset forgets all values.
func (s *slab[T]) reset() {
	for i, c := range s.chunks {
		clear(c) // so that nothing of a text is held
		s.chunks[i] = c[:0]
	}
	s.at = 0
}
