package main

import (
	"context"
	"errors"
	"runtime"
	"time"

	"github.com/cli/browser"
)

// desktop opens pages in the browser of the machine deskward runs on.
type desktop struct{ env environment }

var errNoBrowser = errors.New("no browser on this machine")

// browserStarts is how long a browser's launcher has to fail. Some launchers
// stay until the browser is closed, so nothing waits for their end.
const browserStarts = time.Second

// Open implements core.Browser.
func (d desktop) Open(ctx context.Context, url string) error {
	if !d.has() {
		return errNoBrowser
	}
	ended := make(chan error, 1)
	go func() { ended <- browser.OpenURL(url) }()
	select {
	case err := <-ended:
		return err
	case <-time.After(browserStarts):
	case <-ctx.Done():
	}
	return nil
}

// has reports whether a browser would open in front of the person: never over
// SSH, and only where there is a desktop. (A text browser would take the
// terminal that deskward itself writes on.)
func (d desktop) has() bool {
	if d.env.overSSH() {
		return false
	}
	switch runtime.GOOS {
	case "darwin", "windows":
		return true
	}
	return d.env.Getenv("DISPLAY") != "" || d.env.Getenv("WAYLAND_DISPLAY") != ""
}
