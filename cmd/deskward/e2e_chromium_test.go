//go:build unix

package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// chromium is a browser without a window, driven over the DevTools protocol by
// two pipes: a message is JSON with a zero byte behind it.
type chromium struct {
	t      testing.TB
	to     io.Writer
	events chan devtools
	lastID int
}

// devtools is a message of the protocol: an answer has an ID, an event a method.
type devtools struct {
	ID      int             `json:"id,omitempty"`
	Session string          `json:"sessionId,omitempty"`
	Method  string          `json:"method,omitempty"`
	Params  any             `json:"params,omitempty"`
	Result  json.RawMessage `json:"result,omitempty"`
	Error   json.RawMessage `json:"error,omitempty"`
}

// startChromium starts it, with more flags where a test wants them.
func startChromium(t testing.TB, flags ...string) *chromium {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("chromium is not installed (Debian package chromium; .ci/run installs it)")
	}
	in, to, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	from, out, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	home, err := os.MkdirTemp("", "deskward-chromium-")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path, append(flags, "--remote-debugging-pipe", "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-dev-shm-usage",
		"--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--user-data-dir="+home)...)
	cmd.Env = append(os.Environ(), "TMPDIR="+home)
	cmd.ExtraFiles = []*os.File{in, out}                  // descriptors 3 and 4, which the protocol uses
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // its helpers end with it
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	in.Close()
	out.Close()
	c := &chromium{t: t, to: to, events: make(chan devtools, 1024)}
	go c.read(from)
	t.Cleanup(func() {
		to.Close()                                          // it ends with its pipe
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // or with this
		_ = cmd.Wait()
		from.Close()
		_ = os.RemoveAll(home) // what its last helper still writes is no fault of the test
	})
	return c
}

func (c *chromium) read(from io.Reader) {
	defer close(c.events)
	r := bufio.NewReader(from)
	for {
		raw, err := r.ReadBytes(0)
		if err != nil {
			return
		}
		var m devtools
		if json.Unmarshal(bytes.TrimSuffix(raw, []byte{0}), &m) == nil {
			c.events <- m
		}
	}
}

// call sends a command and reads its answer into result.
func (c *chromium) call(session, method string, params, result any) {
	c.t.Helper()
	if refused := c.ask(session, method, params, result); refused != "" {
		c.t.Fatalf("%s: %s", method, refused)
	}
}

// ask is call that returns what the browser refused the command with, "" where
// it did not. Events before the answer are passed over.
func (c *chromium) ask(session, method string, params, result any) (refused string) {
	c.t.Helper()
	c.lastID++
	raw, err := json.Marshal(devtools{ID: c.lastID, Session: session, Method: method, Params: params})
	if err != nil {
		c.t.Fatal(err)
	}
	if _, err := c.to.Write(append(raw, 0)); err != nil {
		c.t.Fatal(err)
	}
	limit := time.After(glassPatience)
	for {
		select {
		case m, ok := <-c.events:
			switch {
			case !ok:
				c.t.Fatalf("chromium ended during %s", method)
			case m.ID != c.lastID:
				continue
			case m.Error != nil:
				return string(m.Error)
			case result != nil:
				if err := json.Unmarshal(m.Result, result); err != nil {
					c.t.Fatal(err)
				}
			}
			return ""
		case <-limit:
			c.t.Fatalf("chromium does not answer %s", method)
		}
	}
}

// page is one tab.
type page struct {
	*chromium
	target, session string
}

// open opens an address in a tab of its own.
func (c *chromium) open(address string) page {
	c.t.Helper()
	var target struct{ TargetID string }
	c.call("", "Target.createTarget", map[string]any{"url": address}, &target)
	var session struct{ SessionID string }
	c.call("", "Target.attachToTarget", map[string]any{"targetId": target.TargetID, "flatten": true}, &session)
	return page{c, target.TargetID, session.SessionID}
}

// sight is what a tab shows.
type sight struct {
	Path  string // of the address
	Title string
	Text  string
	Tags  []string // of the elements that the page should not have
	X, Y  float64  // of the button to press; 0, 0: there is none
	Ready bool
}

// look reads what the tab shows now.
func (p page) look() sight {
	p.t.Helper()
	const read = `(() => {
		const b = document.querySelector('button[value=allow]'), r = b ? b.getBoundingClientRect() : {x: 0, y: 0, width: 0, height: 0}
		return JSON.stringify({
			path: location.pathname, title: document.title, text: document.body ? document.body.innerText : '',
			tags: [...document.querySelectorAll('img, script, a, b')].map(e => e.tagName),
			x: r.x + r.width / 2, y: r.y + r.height / 2, ready: document.readyState == 'complete',
		})
	})()`
	var out struct{ Result struct{ Value string } }
	// A tab that goes to another page meanwhile shows nothing yet.
	const left = "Inspected target navigated or closed"
	if refused := p.ask(p.session, "Runtime.evaluate", map[string]any{"expression": read}, &out); refused != "" && !strings.Contains(refused, left) {
		p.t.Fatal("Runtime.evaluate:", refused)
	}
	var s sight
	if out.Result.Value != "" { // else it is between two pages
		if err := json.Unmarshal([]byte(out.Result.Value), &s); err != nil {
			p.t.Fatal(err)
		}
	}
	return s
}

// until waits for what the tab must come to show, and returns every sight on
// the way there.
func (p page) until(what string, ok func(sight) bool) (seen []sight) {
	p.t.Helper()
	for limit := time.Now().Add(glassPatience); ; time.Sleep(10 * time.Millisecond) {
		s := p.look()
		seen = append(seen, s)
		if s.Ready && ok(s) {
			return seen
		}
		if time.Now().After(limit) {
			p.t.Fatalf("the browser never showed %s but %+v", what, s)
		}
	}
}

// allow presses the consent page's button with the mouse.
func (p page) allow() {
	p.t.Helper()
	seen := p.until("a consent page", func(s sight) bool { return s.Y > 0 })
	p.click(seen[len(seen)-1].X, seen[len(seen)-1].Y)
}

func (p page) click(x, y float64) {
	p.t.Helper()
	for _, kind := range []string{"mousePressed", "mouseReleased"} {
		p.call(p.session, "Input.dispatchMouseEvent", map[string]any{"type": kind, "x": x, "y": y, "button": "left", "clickCount": 1}, nil)
	}
}

// untick takes the tick out of the box of a value, with the mouse.
func (p page) untick(value string) {
	p.t.Helper()
	p.until("a consent page", func(s sight) bool { return s.Y > 0 })
	quoted, err := json.Marshal(value)
	if err != nil {
		p.t.Fatal(err)
	}
	var box struct {
		X, Y    float64
		Checked bool
	}
	read := func() {
		var out struct{ Result struct{ Value string } }
		p.call(p.session, "Runtime.evaluate", map[string]any{"expression": `(() => {
			const b = [...document.querySelectorAll('input[type=checkbox]')].find(b => b.value == ` + string(quoted) + `), r = b.getBoundingClientRect()
			return JSON.stringify({x: r.x + r.width / 2, y: r.y + r.height / 2, checked: b.checked})
		})()`}, &out)
		if err := json.Unmarshal([]byte(out.Result.Value), &box); err != nil {
			p.t.Fatalf("no box %s: %v", value, err)
		}
	}
	if read(); !box.Checked {
		p.t.Fatalf("the box %s is not ticked", value)
	}
	if p.click(box.X, box.Y); box.Checked {
		read()
	}
	if box.Checked {
		p.t.Fatalf("the box %s stays ticked", value)
	}
}

// address is what stands in the address bar, also of a page that did not load.
func (p page) address() string {
	p.t.Helper()
	var out struct{ TargetInfo struct{ URL string } }
	p.call("", "Target.getTargetInfo", map[string]any{"targetId": p.target}, &out)
	return out.TargetInfo.URL
}

func (s sight) String() string { return fmt.Sprintf("%s %q %q", s.Path, s.Title, s.Text) }
