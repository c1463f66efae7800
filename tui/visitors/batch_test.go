package visitors_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"deskward/core"
	"deskward/core/locale"
	"deskward/core/lookup"
	"deskward/store/mem"
	"deskward/tui/tuitest"
	"deskward/tui/visitors"
)

// batchWorld is a console whose platforms know a few of a list.
type batchWorld struct {
	*world
	deps    visitors.Deps
	batches *lookup.Batches
	files   map[string]string

	mu      sync.Mutex
	written []string
}

func newBatchWorld() *batchWorld {
	w := &batchWorld{world: linked().taken(), files: map[string]string{}}
	w.world.old = nil
	for i := range 30 {
		id := fmt.Sprintf("usr_%03d", i)
		w.support.all = append(w.support.all, core.Visitor{Kind: core.VisitorSupport, ID: fmt.Sprint(5000 + i), ExternalID: id, Name: fmt.Sprint("利用者 ", i), Emails: mail(fmt.Sprintf("p%d@example.com", i))[:1]})
		if i%3 == 0 {
			w.chat.all = append(w.chat.all, core.Visitor{Kind: core.VisitorChat, ID: fmt.Sprint("1.abcdef", i), ExternalID: id})
		}
	}
	st := mem.New()
	w.batches = &lookup.Batches{Store: st, Clock: fixed{}, Events: &core.EventLog{Store: st, Clock: fixed{}, Actor: core.Actor{User: "mina"}}}
	w.deps = visitors.Deps{
		Sources: w.sources, Batches: w.batches,
		ReadList: func(_ context.Context, path, column string) (lookup.List, error) {
			text, ok := w.files[path]
			if !ok {
				return lookup.List{}, &core.Error{Tried: "read-queries", On: path, Code: "file.missing", Class: core.Usage}
			}
			return lookup.ReadList([]byte(text), column)
		},
		Export: func(_ context.Context, b lookup.Batch, rows []lookup.Row, left []lookup.Line) (string, error) {
			var out strings.Builder
			err := lookup.WriteCSV(&out, rows, left)
			w.mu.Lock()
			defer w.mu.Unlock()
			w.written = append(w.written, out.String())
			return "/home/mina/" + b.ID[:3] + ".csv", err
		},
	}
	return w
}

// bridge is a Support whose tickets name the Chat visitors of everybody.
type bridge struct{ *people }

func (b bridge) LeadCalls() (least, most int) { return 1, 6 }

func (b bridge) Leads(_ context.Context, v core.Visitor) ([]lookup.Lead, error) {
	if b.calls != nil {
		b.calls <- "tickets:" + v.ExternalID
	}
	if b.ticketErr != nil {
		return nil, b.ticketErr
	}
	return []lookup.Lead{{Kind: lookup.ByChatID, Text: "1.ticket" + v.ID}}, nil
}

// tickets has Chat found by its own ids alone, and Support tell them.
func (w *batchWorld) tickets() {
	w.chat.takes = []lookup.QueryKind{lookup.ByChatID}
	w.chat.all = nil
	for _, v := range w.support.all {
		if v.ExternalID != "usr_001" {
			w.chat.all = append(w.chat.all, core.Visitor{Kind: core.VisitorChat, ID: "1.ticket" + v.ID, ExternalID: v.ExternalID})
		}
	}
	w.bridged = true
}

// formRead waits until the form knows who can be asked.
func formRead(c console) {
	c.Until("the connections", func() bool {
		return strings.Contains(c.Text(), "Connections") || strings.Contains(c.Text(), "問い合わせ先")
	})
}

func pasted() string {
	return strings.Join([]string{"external_id,name", sub + ",Mina", "usr_000,A", "usr_001,B", "usr_001,B", "", "usr_\x1b[2J,C", "usr_nobody,D", "\"usr_002,E"}, "\r\n")
}

func batchDone(c console) {
	c.Until("the end of the batch", func() bool {
		t := c.Text()
		return strings.Contains(t, "All ") || strings.Contains(t, "件すべて") || strings.Contains(t, "完了しました") || strings.Contains(t, "Stopped") || strings.Contains(t, "停止中")
	})
}

func TestBatchScreensReadWellAtEverySize(t *testing.T) {
	t.Parallel()
	for name, drive := range map[string]func(*batchWorld, console){
		"batch-none": func(_ *batchWorld, c console) { c.press("b") },
		"batch-form": func(_ *batchWorld, c console) {
			c.press("b", "a")
			formRead(c)
		},
		"batch-read": func(_ *batchWorld, c console) {
			c.press("b", "a")
			formRead(c)
			c.Paste(pasted())
		},
		"batch-choose": func(w *batchWorld, c console) {
			w.tickets()
			c.press("b", "a")
			formRead(c)
			c.Paste(pasted())
			c.press("tab", "tab", "j", "j", "space")
		},
		"batch-tickets": func(w *batchWorld, c console) {
			w.tickets()
			c.press("b", "a")
			formRead(c)
			c.Paste(pasted())
			c.press("tab", "tab", "tab", "space")
		},
		"batch-untraced": func(w *batchWorld, c console) {
			w.tickets()
			c.press("b")
			c.Paste(pasted())
			c.press("enter")
			batchDone(c)
			c.press("j", "j")
		},
		"batch-wrong": func(w *batchWorld, c console) {
			w.files["who.csv"] = "id;note\r\n1;x"
			c.press("b", "a")
			formRead(c)
			c.Type("who.csv")
			c.press("tab")
			c.Type("mail")
			c.press("enter")
			c.Until("the reason", func() bool { return strings.Contains(c.Text(), "batch.no-column") })
		},
		"batch-done": func(_ *batchWorld, c console) {
			c.press("b")
			c.Paste(pasted())
			c.press("enter")
			batchDone(c)
		},
		"batch-list": func(w *batchWorld, c console) {
			w.messaging.err = &core.Error{Code: "net.timeout"}
			c.press("b")
			c.Paste(pasted())
			c.press("enter")
			batchDone(c)
			c.press("esc")
			c.Until("the list", func() bool { return strings.Contains(c.Text(), "5 / 5") || strings.Contains(c.Text(), "4 / 4") })
		},
	} {
		for _, lang := range locale.Langs() {
			for _, size := range [][2]int{{40, 12}, {80, 24}, {120, 40}} {
				full := fmt.Sprintf("%s-%dx%d-%s", name, size[0], size[1], lang)
				t.Run(full, func(t *testing.T) {
					t.Parallel()
					w := newBatchWorld()
					c := open(t, w.deps, lang, size[0], size[1])
					c.See("/ ")
					drive(w, c)
					if name == "batch-none" {
						c.Until("the list", func() bool {
							return strings.Contains(c.Text(), "No batch is kept") || strings.Contains(c.Text(), "一括検索はありません")
						})
					}
					c.Fits(size[0], size[1])
					for _, bad := range []string{"<no value>", "[visitors.", "[batch.line"} {
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

func TestAPastedListIsLookedUpAndARowOpensTheOrdinaryResult(t *testing.T) {
	t.Parallel()
	w := newBatchWorld()
	c := open(t, w.deps, locale.English, 80, 24)
	c.See("press /")
	c.press("b")
	c.See("No batch is kept", "kept sealed in the store for 7 days")
	c.Paste(pasted())
	c.See("4 people can be looked up", "Column: external_id", "Line 7 is not looked up: holds control", "Line 9 is not looked up: a quotation", "1 repeated, 1 blank")
	c.press("enter")
	c.See("All 4 are looked up", "next sign-in fails 1", "linked 1", "nobody 1")
	c.press("f")
	c.Gone("usr_000 ")
	c.press("f")
	c.See("usr_000")
	w.support.calls = make(chan string, 100)
	c.press("enter")
	c.See("The next sign-in of", "belongs to another external ID", "Zendesk Support", "山田 美奈")
	if len(w.support.calls) != 0 {
		t.Error("opening a row asked the vendor")
	}
	c.press("enter")
	c.See("mina@example.com")
	c.press("esc", "esc")
	c.See("All 4 are looked up")
	c.press("w")
	c.See("Written for you alone: /home/mina/")
	if len(w.written) != 1 || !strings.Contains(w.written[0], "usr_nobody,nobody") {
		t.Errorf("%q", w.written)
	}
	c.press("r")
	c.See("All was answered")
	c.press("esc")
	c.See("4 / 4", "complete")
	c.press("x")
	c.See("Press x again")
	c.press("x")
	c.See("No batch is kept")
	if all, err := w.batches.List(t.Context()); err != nil || len(all) != 0 {
		t.Errorf("%v %v", all, err)
	}
}

func TestAFileIsReadByItsPathAndAWrongOneSaysWhy(t *testing.T) {
	t.Parallel()
	w := newBatchWorld()
	w.files["/tmp/who.csv"] = "key;who\nusr_000;a\nusr_001;b\n"
	c := open(t, w.deps, locale.English, 80, 24)
	c.See("press /")
	c.press("b", "a", "enter")
	c.See("Type a file's path")
	c.Type("/tmp/nowhere")
	c.press("enter")
	c.See("file.missing")
	for range len("nowhere") {
		c.press("backspace")
	}
	c.Gone("file.missing")
	c.Type("who.csv")
	c.press("tab")
	c.Type("key")
	c.press("enter")
	c.See("2 people can be looked up", "Column: key")
	c.Type("x") // another column is meant: what was read no longer counts
	c.Gone("2 people")
	c.press("backspace", "enter")
	c.See("2 people can be looked up")
	c.press("enter")
	c.See("All 2 are looked up", "who.csv")
}

func TestABatchCanBeStoppedLeftAndGoneOnWith(t *testing.T) {
	t.Parallel()
	w := newBatchWorld()
	hold := make(chan struct{})
	w.support.hold = hold
	c := open(t, w.deps, locale.English, 80, 24)
	c.See("press /")
	c.press("b")
	c.Paste(pasted())
	c.See("4 people")
	c.press("enter")
	c.See("0 of 4 looked up; asking")
	c.press("s")
	c.See("Stopped: 0 of 4 are looked up")
	c.press("r")
	c.See("asking")
	c.press("esc") // leaving stops it, too
	c.See("The batch has stopped. It can be taken up again", "stopped, can go on", "0 / 4")
	close(hold)
	c.press("enter")
	c.See("Stopped: 0 of 4")
	c.press("r")
	c.See("All 4 are looked up")
}

func TestWhatCouldNotBeSeenIsNamedPerRowAndAskedAgain(t *testing.T) {
	t.Parallel()
	w := newBatchWorld()
	w.messaging.err = &core.Error{Code: "net.timeout"}
	c := open(t, w.deps, locale.English, 80, 24)
	c.See("press /")
	c.press("b")
	c.Paste("usr_000\nusr_001")
	c.See("2 people")
	c.press("enter")
	c.See("of 2 rows not every connection could be asked", "Messaging could not be asked [net.timeout]")
	w.messaging.err = nil
	c.press("r")
	c.See("All 2 are looked up.", "linked 1")
}

func TestLockingEndsTheBatchAndForgetsWhomItIsAbout(t *testing.T) {
	t.Parallel()
	w := newBatchWorld()
	hold := make(chan struct{})
	w.chat.hold = hold
	t.Cleanup(func() { close(hold) })
	c := open(t, w.deps, locale.English, 80, 24)
	c.See("press /")
	c.press("b")
	c.Paste("usr_000\nusr_001")
	c.press("enter")
	c.See("asking")
	c.press("ctrl+l")
	c.See("locked")
	c.Gone("usr_000")
}

func TestHostileListsDrawSafely(t *testing.T) {
	t.Parallel()
	evil := []string{"山田👨‍👩‍👧‍👦美奈" + strings.Repeat("長", 900), "\u202egnp.exe", "=cmd|x", strings.Repeat("x", 4000)}
	for _, size := range [][2]int{{40, 12}, {80, 24}, {120, 40}} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			t.Parallel()
			w := newBatchWorld()
			for i, e := range evil {
				w.support.all = append(w.support.all, core.Visitor{Kind: core.VisitorSupport, ID: fmt.Sprint(i), ExternalID: e, Name: e})
			}
			c := open(t, w.deps, locale.English, size[0], size[1])
			c.See("/ ")
			c.press("b")
			c.Paste(strings.Join(slices.Concat(evil, []string{"usr_000"}), "\n"))
			c.Fits(size[0], size[1])
			c.press("enter")
			batchDone(c)
			c.Fits(size[0], size[1])
			c.press("j", "enter")
			c.See("/ ")
			c.Fits(size[0], size[1])
			if got := c.Text(); core.CleanText(got) != got {
				t.Errorf("not safe: %q", got)
			}
		})
	}
}

func TestWithoutBatchesTheKeySaysWhy(t *testing.T) {
	t.Parallel()
	c := open(t, visitors.Deps{Sources: linked().sources}, locale.English, 80, 24)
	c.See("press /")
	c.press("b")
	c.See("Batches can't be looked up here")
}

func TestTheAdminChoosesWhomABatchAsks(t *testing.T) {
	t.Parallel()
	w := newBatchWorld()
	w.messaging.calls = make(chan string, 100)
	c := open(t, w.deps, locale.English, 80, 24)
	c.See("press /")
	c.press("b", "a")
	c.See("4 of 4")
	c.Paste("usr_000\nusr_001")
	c.press("tab", "tab")
	c.See("[x] Messaging", "space takes one out or in")
	for range 4 {
		c.press("space", "j")
	}
	c.press("enter")
	c.See("[ ] Messaging", "Choose at least one connection")
	c.press("g", "space", "j", "space", "enter")
	c.See("All 2 are looked up", "Asked: Xsolla Login, Zendesk Support")
	if len(w.messaging.calls) != 0 || strings.Contains(c.Text(), "Support, Messaging") {
		t.Errorf("Messaging was asked, or is said to have been:\n%s", c.Text())
	}
	c.press("esc")
	c.See("ASKS", "Xsolla Login,")
	all, err := w.batches.List(t.Context())
	if err != nil || !slices.Equal(all[0].Only, []string{"id of Xsolla Login", "id of Zendesk Support"}) {
		t.Errorf("%+v %v", all, err)
	}
}

func TestTicketsAreGoneOverOnlyWhenChosenAndWhatTheyCostIsSaidBefore(t *testing.T) {
	t.Parallel()
	w := newBatchWorld()
	w.tickets()
	c := open(t, w.deps, locale.English, 80, 24)
	c.See("press /")
	c.press("b", "a")
	c.See("Tickets", "left out")
	c.Paste("usr_000\nusr_001\nusr_nobody")
	c.See("a Chat visitor whom only they name stays unseen")
	c.press("tab", "tab", "tab")
	c.See("costs 1 to 6 calls")
	c.press("space")
	c.See("gone over, to Chat", "Over tickets: 3 to 18 further calls")
	c.press("shift+tab", "G", "space") // Chat is not asked: tickets lead nowhere
	c.Gone("Over tickets")
	c.press("space", "tab", "space")
	c.See("Over tickets: 3 to 18 further calls")
	c.press("enter")
	c.See("All 3 are looked up", "Asked, and over tickets: Xsolla", "linked 1", "not linked 1", "nobody 1")
	c.press("esc")
	c.See("all + tickets")
}

func TestWithoutTicketsTheRowsSaySoAndTheyCanBeGoneOverLater(t *testing.T) {
	t.Parallel()
	w := newBatchWorld()
	w.tickets()
	c := open(t, w.deps, locale.English, 80, 24)
	c.See("press /")
	c.press("b")
	c.Paste("usr_000\nusr_001\nusr_nobody")
	c.press("enter")
	c.See("All 3 are looked up", "could not tell 2", "nobody 1", "Asked, not over tickets", "Tickets not followed to the end")
	c.press("enter")
	c.See("nobody went over this person's tickets")
	c.press("esc", "t")
	c.See("2 to 12 further calls to Support. Press t again")
	c.press("f", "t") // another key between: the question is asked anew
	c.See("Press t again")
	w.support.ticketErr = &core.Error{Code: "zendesk.support-scope", Class: core.Refused}
	c.press("t")
	c.See("of 2 rows not every connection could be asked", "Asked, and over tickets")
	w.support.ticketErr = nil
	c.press("r")
	c.See("All 3 are looked up.", "linked 1", "not linked 1")
}

func TestAWayOverTicketsCanBeStoppedAndGoneOnWith(t *testing.T) {
	t.Parallel()
	w := newBatchWorld()
	w.tickets()
	c := open(t, w.deps, locale.English, 80, 24)
	c.See("press /")
	c.press("b")
	c.Paste("usr_000\nusr_001")
	c.press("enter")
	c.See("All 2 are looked up")
	hold := make(chan struct{})
	w.chat.hold, w.support.calls = hold, make(chan string, 100)
	c.press("t", "t")
	for !strings.HasPrefix(<-w.support.calls, "tickets:") { // else nothing is begun yet
	}
	c.press("s")
	c.See("The tickets of 2 rows are left. r goes on")
	close(hold)
	c.press("r")
	c.See("All 2 are looked up.", "linked 1")
}
