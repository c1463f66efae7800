package tokens_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"deskward/core/locale"
	"deskward/core/tokenbatch"
	"deskward/tui/screen"
	"deskward/tui/tokens"
	"deskward/tui/tuitest"
)

// either waits for a text in one of the languages.
func (c console) either(texts ...string) {
	c.Until(texts[0], func() bool {
		for _, t := range texts {
			if strings.Contains(c.Text(), t) {
				return true
			}
		}
		return false
	})
}

// list goes to the form, gives the table and what is the same for all lines.
func (c console) list(w *world) {
	w.files["tokens.csv"] = table()
	c.press("a")
	c.Type("tokens.csv")
	c.press("tab", "tab")
	c.Type("1000.CANARYCLIENT")
	c.press("tab")
	c.Type("canary-client-secret")
	c.press("ctrl+s")
}

// taken goes on to the batch.
func (c console) taken(w *world) {
	c.list(w)
	c.either("can be exchanged", "交換できます", "More", "ほか ")
	c.press("ctrl+s")
	c.either("ready. Nothing", "準備ができました", "ready.")
}

// run exchanges everything.
func (c console) run(w *world) {
	c.taken(w)
	c.press("r")
	c.Type("5")
	c.press("enter")
	c.Until("the end of the run", func() bool {
		return strings.Contains(c.Text(), "a finds") || strings.Contains(c.Text(), "a で調べま")
	})
}

func TestTokenScreensReadWellAtEverySize(t *testing.T) {
	t.Parallel()
	for name, drive := range map[string]func(*world, console){
		"none": func(_ *world, c console) { c.either("No list", "まだありません") },
		"form": func(_ *world, c console) { c.press("a") },
		"read": func(w *world, c console) { c.list(w); c.either("can be exchanged", "交換できます") },
		"missing": func(_ *world, c console) {
			c.press("a")
			c.Type("nowhere.csv")
			c.press("enter")
			c.either("file.missing")
		},
		"ready":    func(w *world, c console) { c.taken(w) },
		"sure":     func(w *world, c console) { c.taken(w); c.press("r") },
		"ran":      func(w *world, c console) { c.run(w) },
		"refused":  func(w *world, c console) { c.run(w); c.press("f"); c.either("! explain", "! エラーの説明") },
		"unknown":  func(w *world, c console) { c.run(w); c.press("f", "j") },
		"settle":   func(w *world, c console) { c.run(w); c.press("f", "j", "u") },
		"proven":   proven,
		"batches":  func(w *world, c console) { c.run(w); c.press("esc"); c.either("3 / 5") },
		"external": external,
	} {
		for _, lang := range locale.Langs() {
			for _, size := range [][2]int{{40, 12}, {80, 24}, {120, 40}} {
				full := fmt.Sprintf("%s-%dx%d-%s", name, size[0], size[1], lang)
				t.Run(full, func(t *testing.T) {
					t.Parallel()
					w := newWorld()
					c := open(t, w, lang, size[0], size[1])
					drive(w, c)
					c.Fits(size[0], size[1])
					for _, bad := range []string{"<no value>", "[tokens.", "[tokenbatch.", "[error.", "canary-"} {
						if strings.Contains(c.Text(), bad) {
							t.Errorf("%s in\n%s", bad, c.Text())
						}
					}
					tuitest.Golden(t, full, c.Text())
				})
			}
		}
	}
}

// proven waits the 24 hours and proves that the old tokens are dead.
func proven(w *world, c console) {
	c.run(w)
	w.clock.advance(25 * time.Hour)
	c.press("p")
	c.either("3 dead", "失効 3 件")
	c.Until("nothing more to prove", func() bool {
		return !strings.Contains(c.Text(), "p prove dead") && !strings.Contains(c.Text(), "p 失効確認")
	})
}

// external is a list that the vendor's support has to confirm.
func external(w *world, c console) {
	w.files["tokens.csv"] = table()
	c.press("a")
	c.Type("tokens.csv")
	c.press("tab", "right", "tab")
	c.Type("1000.CANARYCLIENT")
	c.press("tab")
	c.Type("canary-client-secret")
	c.press("ctrl+s")
	c.either("can be exchanged", "交換できます")
	c.press("ctrl+s")
	c.either("support", "サポート")
}

func TestAnExchangeIsBegunOnlyAfterItsNumberWasTyped(t *testing.T) {
	t.Parallel()
	w := newWorld()
	c := open(t, w, locale.English, 120, 40)
	c.taken(w)
	c.press("r")
	c.See("can't be taken back")
	c.Type("4")
	c.press("enter")
	c.See("can't be taken back")
	c.press("esc")
	c.See("Nothing was sent yet")
	if len(w.vendor.calls) != 0 {
		t.Fatal("it was begun")
	}
	c.press("r")
	c.Type("5")
	c.press("enter")
	c.See("done 3", "nobody saw its end")
}

func TestWhatMayHaveTakenEffectIsNotSentAgainAndCanBeFoundOut(t *testing.T) {
	t.Parallel()
	w := newWorld()
	c := open(t, w, locale.English, 120, 40)
	c.run(w)
	c.press("a")
	c.See("1 asked about: 0 had taken effect, 1 old tokens still work")
	w.clock.advance(25 * time.Hour)
	c.press("a")
	c.See("1 asked about: 1 had taken effect")
	for token, n := range w.vendor.calls {
		if n != 1 {
			t.Errorf("%s was sent %d times", token, n)
		}
	}
}

func TestAStoppedRunGoesOnWhereItStood(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.vendor.gate = make(chan struct{}, 10)
	c := open(t, w, locale.English, 120, 40)
	c.taken(w)
	w.vendor.gate <- struct{}{}
	c.press("r")
	c.Type("5")
	c.press("enter")
	c.See("done 1")
	c.press("s")
	c.See("waiting", "r exchange")
	for range 5 {
		w.vendor.gate <- struct{}{}
	}
	c.press("r") // what was begun once is gone on with without the question
	c.See("done 3")
	for token, n := range w.vendor.calls {
		if n != 1 {
			t.Errorf("%s was sent %d times", token, n)
		}
	}
}

func TestATableThatWasPastedIsReadLikeAFile(t *testing.T) {
	t.Parallel()
	w := newWorld()
	c := open(t, w, locale.English, 120, 40)
	c.press("a")
	c.Paste(table())
	c.See("Lines 2, 3, 4, 5, 7, 9")
	c.press("tab", "tab")
	c.Type("1000.CANARYCLIENT")
	c.press("tab")
	c.Type("canary-client-secret")
	c.press("ctrl+s")
	c.See("5 tokens can be exchanged", "Not used: Memo", "pasted, lines: 9")
}

func TestHeadersAreMappedByHand(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.files["odd.csv"] = "Key;Who;cid;csec\ncanary-token-good-000001;Mina;1000.CANARYCLIENT;canary-client-secret\n"
	c := open(t, w, locale.English, 120, 40)
	c.press("a")
	c.Type("odd.csv")
	c.press("enter")
	c.See("tokenbatch.no-token-column")
	for range 7 {
		c.press("tab")
	}
	c.Type("Key=nothing")
	c.press("ctrl+s")
	c.See("is not HEADER=FIELD")
	for range 20 {
		c.press("backspace")
	}
	c.Type("Key=authtoken, Who=name, cid=client_id, csec=client_secret")
	c.press("ctrl+s")
	c.See("1 token can be exchanged", "Key → auth token")
}

func TestAListGoesOnlyWhenNothingOfItIsNeeded(t *testing.T) {
	t.Parallel()
	w := newWorld()
	c := open(t, w, locale.English, 120, 40)
	c.run(w)
	c.press("esc")
	c.See("tokens.csv")
	c.press("x")
	c.See("Press x once more")
	c.press("x")
	c.See("tokenbatch.needed")
	w.clock.advance(25 * time.Hour)
	c.press("enter")
	c.See("a finds out")
	c.press("a")
	c.See("1 had taken effect")
	c.press("p")
	c.See("4 dead")
	c.press("esc", "x", "x")
	c.See("No list of tokens yet")
}

func TestTheSupportIsWaitedFor(t *testing.T) {
	t.Parallel()
	w := newWorld()
	c := open(t, w, locale.English, 120, 40)
	external(w, c)
	c.See("5 tokens wait for Zoho's support")
	c.press("m")
	c.See("/home/mina/sheet.csv")
	c.press("r")
	if len(w.vendor.calls) != 0 {
		t.Fatal("it was begun")
	}
	c.press("c")
	c.Type("#4711")
	c.press("enter")
	c.See("5 tokens are ready")
	all, err := w.service.List(t.Context())
	if err != nil || len(all) != 1 || all[0].Reference != "#4711" || all[0].Variant != tokenbatch.External {
		t.Errorf("%+v, %v", all, err)
	}
}

func TestWhatCameOfAListIsWritten(t *testing.T) {
	t.Parallel()
	w := newWorld()
	c := open(t, w, locale.English, 120, 40)
	c.run(w)
	c.press("w")
	c.See("/home/mina/tokens.csv")
	if len(w.written) != 5 {
		t.Error(w.written)
	}
}

func TestTheSelectedTokensErrorIsExplained(t *testing.T) {
	t.Parallel()
	w := newWorld()
	c := open(t, w, locale.English, 80, 24)
	c.run(w)
	c.press("f")
	c.See("zoho.org_mapping_error", "! explain")
	c.press("!")
	c.See("Explain an error", "zoho.org_mapping_error")
	c.press("esc", "j") // of this one nobody but deskward says something
	c.See("Warehouse", "nobody saw its end")
	c.Gone("! explain")
}

func TestWhatAClientWasStoppedForIsExplained(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.vendor.stops = true
	c := open(t, w, locale.English, 120, 40)
	c.taken(w)
	c.press("r")
	c.Type("5")
	c.press("enter")
	c.See("zoho.invalid_client", "! explain")
	c.press("!")
	c.See("Explain an error", "zoho.invalid_client")
}

func TestAQuestionOverTheRowsOffersNoExplanationOfThem(t *testing.T) {
	t.Parallel()
	w := newWorld()
	c := open(t, w, locale.English, 80, 24)
	c.run(w)
	c.press("f", "G", "g")
	c.See("zoho.org_mapping_error")
	c.press("j", "u")
	c.See("What did you find out")
	c.Gone("explain")
}

func TestALineOfAListIsOpenedFromElsewhere(t *testing.T) {
	t.Parallel()
	w := newWorld()
	c := open(t, w, locale.English, 80, 24)
	c.run(w)
	all, err := w.service.List(t.Context())
	if err != nil || len(all) != 1 {
		t.Fatalf("%d batches, %v", len(all), err)
	}
	w.first = func() screen.Screen { return tokens.Batch(w.deps, all[0].ID, 7) }
	c = open(t, w, locale.English, 80, 24)
	c.See("▌ Warehouse", "u settle")
}
