package connections_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"deskward/core"
	"deskward/core/locale"
	"deskward/core/platform"
)

// readable makes the platform one whose set-up can be read, and tells of what
// it was asked.
func (r *rig) readable(answer func(ctx context.Context, of string) (platform.Setup, error), asks ...platform.SetupAsk) (asked func() string) {
	var mu sync.Mutex
	var of []string
	r.vendor.setup = func(ctx context.Context, what string) (platform.Setup, error) {
		mu.Lock()
		of = append(of, "["+what+"]")
		mu.Unlock()
		return answer(ctx, what)
	}
	r.service.Platforms[0].SetupOf = asks
	r.deps.Platforms = r.service.Platforms
	return func() string {
		mu.Lock()
		defer mu.Unlock()
		return strings.Join(of, " ")
	}
}

func standing(context.Context, string) (platform.Setup, error) {
	return platform.Setup{
		Facts: []platform.SetupFact{
			{Name: "data-centre", Value: "jp"},
			{Name: "organizations", Value: "60001234567 Acme Inc., 60009876543 Acme Europe"},
			{Name: "verified", Value: "true"},
			{Name: "credits-left", Value: "4,812"},
		},
		Findings: []platform.SetupFinding{
			{Code: "zoho.SCOPE_MISMATCH", Stops: true, Params: map[string]string{"scope": "contacts.read"}},
			{Code: "zoho.care.grants-near", Params: map[string]string{"count": "19", "most": "20"}},
		},
	}, nil
}

// openSetup goes to the connection and reads its set-up.
func (r *rig) openSetup(width, height int) {
	r.add("Acme Japan", r.working)
	r.start(width, height)
	r.See("Acme Japan")
	r.press("enter")
	r.read("Acme Japan")
	r.press("s")
}

func TestTheSetUpIsReadAndJudged(t *testing.T) {
	t.Parallel()
	for _, lang := range locale.Langs() {
		for _, size := range sizes() {
			id := fmt.Sprintf("setup-%s-%dx%d", lang, size[0], size[1])
			t.Run(id, func(t *testing.T) {
				t.Parallel()
				r := newRig(t)
				r.opts.Lang = lang
				r.readable(standing)
				r.openSetup(size[0], size[1])
				r.seeKey("connections.key.reload")
				r.Fits(size[0], size[1])
				r.golden(id)
			})
		}
	}
}

func TestNothingAgainstASetUpIsSaidToo(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.readable(func(context.Context, string) (platform.Setup, error) {
		return platform.Setup{Facts: []platform.SetupFact{{Name: "verified", Value: "false"}}}, nil
	})
	r.openSetup(80, 24)
	r.See("Nothing that was read speaks against it.", "Ownership confirmed  no", "GET 200  desk.acme.example/api/v1/organizations")
	r.press("y")
	r.See("sent to the terminal")
}

func TestReadingASetUpTellsItsCallsAndCanBeStopped(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	ended := make(chan struct{}, 2)
	r.readable(func(ctx context.Context, _ string) (platform.Setup, error) {
		<-ctx.Done()
		ended <- struct{}{}
		return platform.Setup{}, &core.Error{Code: "net.failed", Class: core.Failed, Err: ctx.Err()}
	})
	r.openSetup(80, 24)
	r.See("1 call was answered", "desk.acme.example", "c stop")
	r.press("c")
	r.See("It was cancelled")
	<-ended
	r.press("r")
	r.See("1 call was answered")
	r.press("esc")
	r.read("Acme Japan")
	<-ended
}

func TestWhatTheSetUpIsReadOfIsAskedAndKept(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	asked := r.readable(standing, platform.SetupAsk{Name: "mailbox", Typed: true, Check: func(v string) error {
		if !strings.Contains(v, "@") {
			return &core.Error{Code: "salesforce.bad-address", Class: core.Usage}
		}
		return nil
	}})
	r.openSetup(80, 24)
	r.See("Mailbox", "The address that customers write to.")
	r.Type("support")
	r.press("enter")
	r.See("x ")
	if asked() != "" {
		t.Fatalf("asked of %s", asked())
	}
	r.Type("@acme.example")
	r.press("enter")
	r.See("1 thing keeps it from working", "a another one")
	if asked() != "[support@acme.example]" {
		t.Errorf("asked of %s", asked())
	}
	r.press("esc")
	r.read("Acme Japan")
	r.press("s")
	r.See("support@acme.example") // as it was typed before
}

func TestTheCredentialGoesElsewhereOnlyAfterAQuestion(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	asked := r.readable(func(_ context.Context, of string) (platform.Setup, error) {
		if of == "" {
			return platform.Setup{}, &core.Error{Tried: "check", Code: "zoho.INVALID_OAUTH", Class: core.Refused}
		}
		return platform.Setup{Facts: []platform.SetupFact{{Name: "data-centre", Value: "eu"}}}, nil
	}, platform.SetupAsk{Name: "elsewhere", AfterRefusal: true})
	r.openSetup(80, 24)
	r.See("If it may belong to another data centre", "d ask other data centres")
	r.press("d")
	r.See("The credential of Acme Japan is shown to the others.")
	r.press("esc")
	r.See("If it may belong to another data centre")
	if asked() != "[]" {
		t.Fatalf("asked of %s", asked())
	}
	r.press("d", "enter")
	r.See("Data centre  eu")
	r.Gone("d ask other")
	if asked() != "[] [elsewhere]" {
		t.Errorf("asked of %s", asked())
	}
}

func TestAPlatformWithoutASetUpHasNoKeyForIt(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.add("Acme Japan", r.working)
	r.start(80, 24)
	r.See("Acme Japan")
	r.press("enter")
	r.read("Acme Japan")
	r.press("s")
	if strings.Contains(r.Text(), "et-up") {
		t.Error(r.Text())
	}
}

func TestAConnectionThatNobodyConsentsToSaysSo(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.add("Acme Asset", func(c *core.Connection) { c.Grant = core.GrantRecord })
	r.start(80, 24)
	r.See("Acme Asset")
	r.press("enter")
	r.read("Acme Asset")
	r.press("o")
	r.See("This kind of credential is not given by consent.")
}
