package consent_test

import (
	"context"
	"net"
	"strconv"
	"sync"
	"testing"

	"deskward/core/consent"
	"deskward/core/transport/loopbacktest"
)

func TestConsentsBegunAtOnceLeaveNoPortOpenBehind(t *testing.T) {
	t.Parallel()
	b := start(t)
	for range 4 {
		b.cfg.Ports = append(b.cfg.Ports, loopbacktest.FreePort(t))
	}
	c := b.connection()
	var h consent.Hearing
	var begun sync.WaitGroup
	for range 4 {
		begun.Go(func() {
			if _, err := h.Begin(context.Background(), b, c.ID, b.clock.Now()); err != nil {
				t.Error(err)
			}
		})
	}
	begun.Wait()
	h.Stop(c.ID)
	for _, port := range b.cfg.Ports {
		l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err != nil {
			t.Error(err)
			continue
		}
		l.Close()
	}
}
