package tui

import tea "charm.land/bubbletea/v2"

// IdleForTest is the idle timer's message, for tests that move the clock.
func IdleForTest() tea.Msg { return idleMsg{} }
