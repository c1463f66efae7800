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
	"deskward/core/locale"
)

func TestFormLeadsToConsentAndThatToAProvedConnection(t *testing.T) {
	t.Parallel()
	r := newRig(t).start(80, 24)
	r.See("No connections yet")
	r.press("a")
	r.See("redirect", "/callback/acme", "https://console.acme.example/eu")
	r.press("tab", "tab", "right")
	r.See("https://console.acme.example/jp", "Acme Desk JP")
	r.press("tab")
	r.Type("canary-client")
	r.press("tab")
	r.Type("canary-client-secret")
	if strings.Contains(r.Text(), "canary-client-secret") {
		t.Errorf("the secret is on the screen:\n%s", r.Text())
	}
	r.press("ctrl+s")
	r.See("Open this address", "waiting 5:00")
	c := r.byName("Acme Desk JP")
	if c.Region != "jp" || !slices.Equal(c.Scopes, []string{"tickets.read"}) || c.Secrets[core.SecretClientSecret].Reveal() != "canary-client-secret" {
		t.Errorf("stored %+v", c)
	}
	r.Paste(answerTo(t, r.pending(c.ID)))
	r.See("has access to Acme Desk", "The first check worked", "Acme Inc.")
	r.press("enter")
	r.See("Works, and renews itself", "› Acme Desk JP")
	if got := r.byName("Acme Desk JP"); got.Secrets[core.SecretRefreshToken].Reveal() != "canary-refresh-token" || !got.Check.OK {
		t.Errorf("stored %+v", got)
	}
}

func TestHalfFilledFormIsKept(t *testing.T) {
	t.Parallel()
	r := newRig(t).start(80, 24)
	r.See("No connections yet")
	r.press("a", "tab", "tab", "tab")
	r.Type("canary-half")
	r.press("esc")
	r.See("No connections yet", "What you typed is kept")
	r.press("a")
	r.See("canary-half", "still here")
	r.press("ctrl+x")
	r.Gone("canary-half")
	r.press("esc", "a")
	if strings.Contains(r.Text(), "still here") {
		t.Errorf("an untouched form counts as half filled:\n%s", r.Text())
	}
}

func TestWrongValueIsSaidWhenItsFieldIsLeft(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.add("Acme Desk EU", nil)
	r.start(80, 24)
	r.See("Acme Desk EU")
	r.press("a")
	r.See("Acme Desk EU 2") // the proposal is free
	r.press("shift+tab")
	for range len(" 2") {
		r.press("backspace")
	}
	r.press("tab")
	r.See("Another connection has this name.")
}

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
	r.See("stays open for 4:00")
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
	// A port held by this process would be waited for, so the service says
	// that another one holds it.
	r.deps.Consent = busyOnce{r.consent, r.ports[0]}
	r.add("Acme Europe", nil)
	r.start(80, 24)
	r.See("Acme Europe")
	r.press("o")
	r.See("python3 (process 4711)", fmt.Sprintf("The answer comes to port %d", r.ports[1]), fmt.Sprintf("ssh -L %d:", r.ports[1]))
}

// busyOnce finds one port held by another process.
type busyOnce struct {
	*consent.Service
	port int
}

func (b busyOnce) Listen(ctx context.Context, at consent.Attempt) (*consent.Listener, error) {
	if at.Port == b.port {
		return nil, &core.Error{
			Tried: "listen", On: at.Name, Code: "consent.port-busy", Class: core.Conflict,
			Params: map[string]string{"port": fmt.Sprint(at.Port), "pid": "4711", "command": "python3"},
		}
	}
	return b.Service.Listen(ctx, at)
}

func TestPastingWorksWithoutAnyFreePort(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	c := r.add("Acme Europe", nil)
	r.ports = r.ports[:1]
	r.deps.Consent = busyOnce{r.consent, r.ports[0]}
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
	r.Paste(answerTo(t, at))
	r.See("has access to Acme Desk")
	r.Until("the file to go", func() bool { return len(files()) == 0 })
}

func TestSandboxAgreesWithOneKey(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	c := r.add("Acme Europe", nil)
	r.deps.Sandbox = func(ctx context.Context, authURL string) (string, error) {
		at, err := r.consent.Pending(ctx, c.ID)
		return answerTo(t, at), err
	}
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

func TestSecretIsShownForTenSecondsAndTheLogHasItFirst(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	c := r.add("Acme Japan", r.working)
	r.start(80, 40)
	r.See("Acme Japan")
	r.press("enter")
	r.See("refresh token")
	if strings.Contains(r.Text(), "canary-client-secret") {
		t.Fatal("shown without being asked")
	}
	r.press("tab", "space")
	r.See("canary-access-token")
	if verbs := r.verbs(c.ID); verbs[len(verbs)-1] != core.VerbRevealed {
		t.Errorf("shown, but the log says %v", verbs)
	}
	r.press("space")
	r.Gone("canary-access-token")
	r.press("space")
	r.See("canary-access-token")
	r.clock.Advance(11 * time.Second)
	r.Gone("canary-access-token")
}

func TestCopyingASecretIsRecordedBeforeItLeaves(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	c := r.add("Acme Japan", r.working)
	r.start(80, 24)
	r.See("Acme Japan")
	r.press("y")
	r.See("access token")
	r.press("G", "enter")
	r.Until("the sequence for the clipboard", func() bool { return len(r.Raw) > 0 })
	if !slices.Contains(r.verbs(c.ID), core.VerbCopied) {
		t.Errorf("log %v", r.verbs(c.ID))
	}
}

func TestCheckAllKeepsFourGoingAndCanBeStopped(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	const many = 12
	for i := range many {
		r.add(fmt.Sprintf("Acme %02d", i), r.working)
	}
	var now, most atomic.Int32
	begun := make(chan struct{}, many)
	r.vendor.check = func(ctx context.Context, _ string) (core.Check, error) {
		if n := now.Add(1); n > most.Load() {
			most.Store(n)
		}
		defer now.Add(-1)
		begun <- struct{}{}
		<-ctx.Done()
		return core.Check{}, ctx.Err()
	}
	r.start(80, 24)
	r.See("12 connections")
	r.press("C")
	for range 4 {
		<-begun
	}
	r.See("checked 0 of 12", "checking")
	r.press("j", "a", "esc") // the keys are free meanwhile
	r.press("esc")
	r.See("Stopped: 0 work, 0 refused, 12 not checked.")
	if most.Load() != 4 {
		t.Errorf("%d at once", most.Load())
	}
}

func TestCheckAllChecksWhatIsInSightAndCounts(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.add("Shop Japan", r.working)
	r.add("Shop Europe", r.working)
	r.add("Other", r.working)
	r.add("Shop new", nil) // nothing to check yet
	bad := r.byName("Shop Japan").ID
	r.vendor.check = func(_ context.Context, id string) (core.Check, error) {
		if id == bad {
			return core.Check{Code: "oauth.invalid_grant"}, nil
		}
		return core.Check{OK: true}, nil
	}
	r.start(80, 24)
	r.See("4 connections")
	r.press("/")
	r.Type("shop")
	r.press("enter")
	r.clock.Advance(time.Hour)
	r.press("C")
	r.See("All checked: 1 work, 1 refused.", "refused: invalid_")
	if c := r.byName("Other"); c.Check.At.Equal(r.clock.Now()) {
		t.Error("a row that was filtered out was checked")
	}
}

func TestOneCheckSaysWhyItWasRefused(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.add("Acme Japan", r.working)
	r.vendor.check = func(context.Context, string) (core.Check, error) {
		return core.Check{Code: "oauth.invalid_grant"}, nil
	}
	r.start(80, 24)
	r.See("Acme Japan")
	r.press("c")
	r.See("Could not check Acme Japan", "oauth.invalid_grant")
}

func TestRemovingAsksForTheNameAndCanRevokeFirst(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.add("Acme Japan", r.working)
	r.start(80, 40)
	r.See("Acme Japan")
	r.press("enter")
	r.See("refresh token")
	r.press("x")
	r.See("Removing does not revoke", "leave the tokens valid")
	r.press("right", "tab")
	r.Type("Acme")
	r.press("enter")
	r.See("Type it exactly")
	r.Type(" Japan")
	r.press("enter")
	r.See("No connections yet", "is removed")
	if r.vendor.revoked != 1 {
		t.Errorf("revoked %d times", r.vendor.revoked)
	}
}

func TestRevokingAsksForAWord(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.add("Acme Japan", r.working)
	r.start(80, 40)
	r.See("Acme Japan")
	r.press("enter")
	r.See("refresh token")
	r.press("V")
	r.See("This can't be undone", "Type REVOKE")
	r.press("enter")
	if r.vendor.revoked != 0 {
		t.Fatal("revoked without the word")
	}
	r.Type("REVOKE")
	r.press("enter")
	r.See("revoked at the vendor", "Nobody has given consent yet")
	if c := r.byName("Acme Japan"); !c.Secrets[core.SecretAccessToken].Empty() {
		t.Error("the dead token is still stored")
	}
}

func TestSomebodyFasterIsExplainedAndNothingIsLost(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	c := r.add("Acme Japan", r.working)
	r.start(80, 24)
	r.See("Acme Japan")
	r.press("R")
	r.See("New name")
	r.Type(" 2")
	if _, err := r.connections.Change(t.Context(), c.ID, core.Event{Verb: core.VerbChanged}, func(c *core.Connection) error {
		c.Account = "60009999999"
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	r.press("enter")
	r.See("Somebody else changed it meanwhile", "Acme Japan 2")
	r.press("enter")
	r.See("has its new name")
	if got := r.byName("Acme Japan 2"); got.Account != "60009999999" {
		t.Errorf("the other change is lost: %+v", got)
	}
}

func TestConnectionRemovedByAnotherSessionIsTold(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	c := r.add("Acme Japan", r.working)
	r.start(80, 24)
	r.See("Acme Japan")
	if err := r.connections.Remove(t.Context(), c.ID, c.Rev); err != nil {
		t.Fatal(err)
	}
	r.press("enter")
	r.See("Somebody else removed this connection", "No connections yet")
}

func TestLanguageChangesUnderAnOpenScreen(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.add("Acme Japan", r.working)
	r.start(80, 24)
	r.See("Acme Japan")
	r.press("enter")
	r.See("renews itself")
	r.press("L")
	r.See("自動で更新されます")
	r.press("L")
	r.See("renews itself")
}

func TestKeysThatCannotWorkSayWhy(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.add("Acme Europe", nil)
	r.start(80, 24)
	r.See("Acme Europe")
	for key, why := range map[string]string{"c": "no token yet", "r": "nothing to renew with", "m": "Only legacy auth tokens", "V": "no token yet"} {
		r.press(key)
		r.See(why)
	}
}

func TestEveryFrameFits(t *testing.T) {
	t.Parallel()
	for _, lang := range locale.Langs() {
		for _, size := range [][2]int{{40, 12}, {51, 14}, {80, 24}, {113, 30}, {200, 60}} {
			r := newRig(t)
			r.opts.Lang = lang
			r.some()
			r.start(size[0], size[1])
			r.See("Acme Japan")
			for _, k := range []string{"j", "/", "a", "esc", "enter", "j", "G", "esc", "a", "tab", "tab", "tab", "esc", "y", "esc", "x", "esc", "R", "esc", "o", "esc"} {
				r.press(k)
				r.Fits(size[0], size[1])
			}
		}
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
