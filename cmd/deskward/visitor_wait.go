package main

import (
	"slices"
	"strings"
	"sync"
	"time"

	"deskward/core"
	"deskward/core/locale"
	"deskward/core/lookup"
)

// waitEvery is how often a lookup says on standard error whom it waits for.
const waitEvery = 5 * time.Second

// sayWaits tells, for as long as a lookup takes, which sources have not
// answered yet: one that is slow or limited may take a minute, and a command
// that is silent for so long looks dead. told takes each answer; stop ends it.
func (a *app) sayWaits() (told func(lookup.Answer), stop func()) {
	var mu sync.Mutex
	state := map[string]lookup.Answer{}
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(waitEvery)
		defer tick.Stop()
		for {
			select {
			case <-done:
				return
			case <-tick.C:
			}
			mu.Lock()
			var waiting []string
			for _, one := range state {
				switch name := core.CleanLine(one.Source); one.State {
				case lookup.Asking:
					waiting = append(waiting, name)
				case lookup.Limited:
					waiting = append(waiting, a.say.T("cmd.visitor.limited", locale.Params{"source": name, "until": stamp(one.Until)}))
				}
			}
			mu.Unlock()
			if len(waiting) > 0 {
				slices.Sort(waiting)
				a.note("cmd.visitor.waiting", locale.Params{"sources": strings.Join(waiting, ", ")})
			}
		}
	}()
	told = func(one lookup.Answer) {
		mu.Lock()
		defer mu.Unlock()
		state[one.SourceID] = one
	}
	return told, func() { close(done); <-ended }
}
