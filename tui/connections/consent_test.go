package connections_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"deskward/core"
	"deskward/core/consent"
	"deskward/tui/connections"
)

func TestBadPasteGivesItsReasonAndTheRaceGoesOn(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	c := r.add("Acme Europe", nil)
	r.start(80, 24)
	r.See("Acme Europe")
	r.press("o")
	at := r.pending(c.ID)
	r.See("Open this address")
	r.Paste(at.URL)
	r.See("x This is the address to open, not the answer.")
	if r.pending(c.ID).ID != at.ID {
		t.Error("a bad paste ended the attempt")
	}
	r.Paste(answerTo(t, at)) // replaces the bad one
	r.See("has access to Acme Desk")
	if !slices.Equal(r.vendor.codes, []string{"canary-code"}) {
		t.Errorf("exchanged %q", r.vendor.codes)
	}
}

func TestBrowserBringsTheAnswerByItself(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	c := r.add("Acme Europe", nil)
	r.start(80, 24)
	r.See("Acme Europe")
	r.press("o")
	at := r.pending(c.ID)
	r.See("Open this address")
	arrived := make(chan error, 1)
	go func() {
		resp, err := http.Get(answerTo(t, at))
		if err == nil {
			resp.Body.Close()
		}
		arrived <- err
	}()
	r.See("has access to Acme Desk")
	if err := <-arrived; err != nil {
		t.Error(err)
	}
}

func TestConsentThatWasLeftIsTakenUpAgain(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	c := r.add("Acme Europe", nil)
	r.start(80, 24)
	r.See("Acme Europe")
	r.press("o")
	first := r.pending(c.ID)
	r.See("Open this address")
	r.Type("half an answer")
	r.clock.Advance(time.Minute)
	r.press("esc")
	r.See("taken up again for 4:00")
	r.press("o")
	r.See("Taken up again", "half an answer", "waiting 4:00")
	if again := r.pending(c.ID); again.ID != first.ID {
		t.Error("a new attempt was begun")
	}
	if !strings.Contains(r.Text(), fmt.Sprintf("127.0.0.1:%d", first.Port)) {
		t.Errorf("the port of before is not used:\n%s", r.Text())
	}
}

func TestBusyPortIsNamedAndTheNextOneUsed(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.busyElsewhere(r.ports[0])
	r.add("Acme Europe", nil)
	r.start(80, 24)
	r.See("Acme Europe")
	r.press("o")
	r.See("python3 (process 4711)", fmt.Sprintf("The answer comes to port %d", r.ports[1]), fmt.Sprintf("ssh -L %d:", r.ports[1]))
}

// busyElsewhere holds a port in the name of another process.
func (r *rig) busyElsewhere(port int) {
	r.t.Helper()
	l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { l.Close() })
	r.consent.Holder = func(int) (int, string, bool) { return 4711, "python3", true }
}

func TestPastingWorksWithoutAnyFreePort(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	c := r.add("Acme Europe", nil)
	r.ports = r.ports[:1]
	r.busyElsewhere(r.ports[0])
	r.start(80, 24)
	r.See("Acme Europe")
	r.press("o")
	r.See("No registered port is free")
	r.Paste(answerTo(t, r.pending(c.ID)))
	r.See("has access to Acme Desk")
}

func TestPortThatThisConsoleIsStillClosingIsWaitedFor(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	c := r.add("Acme Europe", nil)
	l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", r.ports[0]))
	if err != nil {
		t.Fatal(err)
	}
	if _, _, ok := consent.PortHolder(r.ports[0]); !ok {
		l.Close()
		t.Skip("this system does not tell who holds a port")
	}
	r.start(80, 24)
	r.See("Acme Europe")
	r.press("o")
	r.pending(c.ID)
	l.Close()
	r.See(fmt.Sprintf("ssh -L %d:", r.ports[0]))
}

func TestAddressFileIsPrivateAndGoesWhenTheConsentEnds(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	c := r.add("Acme Europe", nil)
	r.start(80, 24)
	r.See("Acme Europe")
	r.press("o")
	at := r.pending(c.ID)
	r.See("Open this address")
	r.press("w")
	r.See("Written to")
	files := func() []string {
		names, err := filepath.Glob(filepath.Join(r.deps.Folder, "*"))
		if err != nil {
			t.Fatal(err)
		}
		return names
	}
	got := files()
	if len(got) != 1 {
		t.Fatalf("files %q", got)
	}
	if mode := fileMode(t, got[0]); mode != 0o600 {
		t.Errorf("mode %o", mode)
	}
	if raw, err := os.ReadFile(got[0]); err != nil || string(raw) != at.URL+"\n" {
		t.Errorf("file holds %q, %v", raw, err)
	}
	gone := func() bool { return len(files()) == 0 }
	r.press("esc")
	r.See("taken up again for")
	r.Until("the file to go with the screen", gone)
	r.press("o")
	r.See("Taken up again")
	r.press("w")
	r.See("Written to")
	r.Paste(answerTo(t, at))
	r.See("has access to Acme Desk")
	r.Until("the file to go with the consent", gone)
}

func TestSandboxAgreesWithOneKey(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	c := r.add("Acme Europe", nil)
	r.deps.Sandbox = &connections.Sandbox{Agree: func(ctx context.Context, authURL string) (string, error) {
		at, err := r.consent.Pending(ctx, c.ID)
		return answerTo(t, at), err
	}}
	r.start(80, 24)
	r.See("Acme Europe")
	r.press("o")
	r.See("g agree here")
	r.press("g")
	r.See("has access to Acme Desk")
}

func TestAnotherAccountThanExpectedIsTold(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	c := r.add("Acme Europe", func(c *core.Connection) { c.Expect = "mina@acme.example" })
	r.vendor.owner = "other@acme.example"
	r.start(80, 24)
	r.See("Acme Europe")
	r.press("o")
	at := r.pending(c.ID)
	r.See("Open this address")
	r.Paste(answerTo(t, at))
	r.See("belongs to other@acme.example,", "not to mina@acme.example", "connection.wrong-account")
}

func TestRefusalIsExplainedAndCanBeTriedAgain(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	c := r.add("Acme Europe", nil)
	r.vendor.token = map[string]any{"error": "invalid_client"}
	r.start(80, 24)
	r.See("Acme Europe")
	r.press("o")
	at := r.pending(c.ID)
	r.See("Open this address")
	r.Paste(answerTo(t, at))
	r.See("oauth.invalid_client", "n asks again")
	r.press("n")
	r.See("Open this address")
	if again := r.pending(c.ID); again.ID == at.ID {
		t.Error("the refused attempt was taken up again")
	}
}

// TestDeviceCodeIsShownWithWhereToTypeIt holds the polling in the hand.
func TestDeviceCodeIsShownWithWhereToTypeIt(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	c := r.add("Acme Europe", func(c *core.Connection) { c.Grant = core.GrantDevice })
	d := &heldDevice{Service: r.consent, agreed: make(chan struct{}), code: consent.DeviceCode{
		ConnectionID: c.ID, UserCode: "WDJB-MJHT", URL: "https://accounts.acme.example/device", Expires: r.clock.Now().Add(5 * time.Minute),
	}, next: r.clock.Now().Add(30 * time.Second)}
	r.deps.Consent = d
	r.start(80, 24)
	r.See("Acme Europe")
	r.press("o")
	r.See("WDJB-MJHT", "https://accounts.acme.example/device", "good for 5:00", "again in 0:30")
	r.golden("device-en-80x24")
	r.press("esc")
	r.See("1 connection")
	r.press("o")
	r.See("WDJB-MJHT")
	if d.begun.Load() != 1 {
		t.Errorf("%d codes asked for; the first is still good", d.begun.Load())
	}
	close(d.agreed)
	r.See("has access to Acme Desk")
}

type heldDevice struct {
	*consent.Service
	code   consent.DeviceCode
	next   time.Time
	begun  atomic.Int32
	agreed chan struct{}
}

func (h *heldDevice) DeviceBegin(context.Context, string) (consent.DeviceCode, error) {
	h.begun.Add(1)
	return h.code, nil
}

func (h *heldDevice) DeviceWait(ctx context.Context, d consent.DeviceCode, progress func(consent.DevicePoll)) (consent.Result, error) {
	progress(consent.DevicePoll{Polls: 1, Next: h.next})
	select {
	case <-h.agreed:
		c, err := h.Connections.Get(ctx, d.ConnectionID)
		return consent.Result{Connection: c}, err
	case <-ctx.Done():
		return consent.Result{}, ctx.Err()
	}
}

func TestPastedCodeNamesConsoleAndScopes(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.add("Acme Europe", func(c *core.Connection) { c.Grant = core.GrantPastedCode })
	r.start(80, 24)
	r.See("Acme Europe")
	r.press("o")
	r.See("https://console.acme.example/eu", "tickets.read contacts.read")
	r.golden("code-en-80x24")
	r.Paste("1000.canary-code")
	r.See("has access to Acme Desk")
	if !slices.Equal(r.vendor.codes, []string{"1000.canary-code"}) {
		t.Errorf("exchanged %q", r.vendor.codes)
	}
}

func TestClientCredentialsNeedNobodyToAgree(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.add("Acme Europe", func(c *core.Connection) { c.Grant = core.GrantClientCredentials })
	r.start(80, 24)
	r.See("Acme Europe")
	r.press("o")
	r.See("has access to Acme Desk", "The first check worked")
}
