package main

import (
	"time"

	tea "charm.land/bubbletea/v2"
	uv "github.com/charmbracelet/ultraviolet"
	"github.com/charmbracelet/x/ansi"

	"deskward/core"
)

const (
	// answersCome is how long after the start the terminal may still be
	// answering what it was asked then, over the slowest line.
	answersCome = 5 * time.Second
	// fenceWait is how long quitting waits for those answers, where a terminal
	// does not answer at all.
	fenceWait = time.Second
)

// fence keeps who quits at once from finding the terminal's answers typed at
// the shell's prompt (bubbletea #1590). A terminal answers in order: when the
// answer to one last question is there, none is on its way any more.
type fence struct {
	clock core.Clock
	began time.Time
	send  func(tea.Msg)

	asked  bool
	passed bool
}

type (
	// noAnswer is sent when the terminal has not answered the last question.
	noAnswer struct{}
	// stopped is sent when a signal ends the program: then nothing is waited for.
	stopped struct{}
)

// filter holds back the program's end (tea.WithFilter) until the terminal has
// answered.
func (f *fence) filter(_ tea.Model, msg tea.Msg) tea.Msg {
	switch msg.(type) {
	case tea.QuitMsg:
		switch {
		case f.passed, f.clock.Now().Sub(f.began) > answersCome:
			return msg
		case f.asked: // told to quit a second time
			return nil
		}
		f.asked = true
		time.AfterFunc(fenceWait, func() { f.send(noAnswer{}) })
		return tea.RawMsg{Msg: ansi.RequestPrimaryDeviceAttributes}
	case stopped:
		f.passed = true
		return tea.QuitMsg{}
	case uv.PrimaryDeviceAttributesEvent, noAnswer:
		if f.asked {
			f.passed = true
			return tea.QuitMsg{}
		}
	}
	return msg
}
