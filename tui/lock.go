package tui

import (
	"time"

	tea "charm.land/bubbletea/v2"

	"deskward/core"
	"deskward/tui/screen"
)

// lastMinute is the time before locking in which the header counts down. Before
// it the header says the time as it is set, so that an idle console sends
// nothing.
const lastMinute = time.Minute

// wipeLimit is how long work that must finish may keep the key after locking:
// one vendor call and the saving of its answer.
const wipeLimit = core.FinishTime

// never stands for "does not lock".
const never = time.Duration(1<<63 - 1)

// lockIn is how long until the console locks if no key comes.
func (c *Console) lockIn() time.Duration {
	if c.o.Guard.After <= 0 || c.locked != nil {
		return never
	}
	return c.o.Guard.After - c.o.Clock.Now().Sub(c.lastInput)
}

// armIdle sets the timer for the next look at how long no key came.
// Background work does not count as input.
func (c *Console) armIdle() tea.Cmd {
	in := c.lockIn()
	if c.idleArmed || in == never {
		return nil
	}
	if in > lastMinute {
		in -= lastMinute
	}
	c.idleArmed = true
	return tea.Tick(max(in, 10*time.Millisecond), func(time.Time) tea.Msg { return idleMsg{} })
}

func (c *Console) idle() tea.Cmd {
	if c.lockIn() <= 0 {
		return c.lock()
	}
	return c.armIdle()
}

// lock leaves every screen at once and shows the unlock prompt only. The key is
// wiped as soon as nothing runs any more: what the screens were doing is
// cancelled, but an answer that a vendor gives only once must still be saved,
// which takes the key.
func (c *Console) lock() tea.Cmd {
	if c.locked != nil {
		return nil
	}
	if c.o.Guard.Lock == nil {
		c.notice = screen.Notice{Text: "lock.nothing"}
		return nil
	}
	for i := range c.stacks {
		closeAll(c.stacks[i])
		c.stacks[i] = nil
	}
	c.overlay, c.notice = nil, screen.Notice{}
	c.counts = map[string]Count{}
	work, finish := c.work, c.o.Guard.Finish
	return tea.Batch(c.lockScreen(), func() tea.Msg {
		if finish != nil {
			finish()
		}
		work.Wait(wipeLimit)
		return wipeMsg{}
	})
}

// wipe wipes the key, unless the store was unlocked again meanwhile.
func (c *Console) wipe() {
	if c.locked != nil {
		c.o.Guard.Lock()
	}
}

func (c *Console) lockScreen() tea.Cmd {
	c.locked = []entry{}
	return c.open(c.o.Guard.Screen())
}
