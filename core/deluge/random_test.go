package deluge_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"deskward/core/deluge"
)

var functions = flag.Int("functions", 200, "how many random functions are rewritten")

// writer writes functions out of the habits that are found in companies, in
// combinations that nobody thought of.
type writer struct {
	*rand.Rand
	strings.Builder
	depth int
}

func (w *writer) one(of ...string) string { return of[w.IntN(len(of))] }

func (w *writer) line(format string, args ...any) {
	w.WriteString(strings.Repeat("\t", w.depth))
	fmt.Fprintf(w, format, args...)
	w.WriteString("\n")
}

func (w *writer) token() string {
	return w.one("tok", "tok", "tok", "other", `"not-a-real-token-1234"`, `config.get("key")`, `zoho.crm.getOrgVariable("desk_token")`)
}

func (w *writer) base() string {
	return w.one(`"https://desk.zoho.com/api/v1/tickets`, `"https://desk.zoho.com/api/v1/contacts`, `"https://books.zoho.eu/api/v3/items`, `"https://shop.example.com/api/orders`)
}

// address is an expression for a URL, maybe with a token in its query.
func (w *writer) address() string {
	switch w.IntN(8) {
	case 0:
		return w.base() + `?authtoken=" + ` + w.token()
	case 1:
		return w.base() + `?authtoken=" + ` + w.token() + ` + "&limit=5"`
	case 2:
		return w.base() + `?a=1&authtoken=" + ` + w.token() + ` + "&scope=crmapi&b=" + b`
	case 3, 4:
		return "url"
	case 5:
		return w.base() + `?a=" + a + tail`
	}
	return w.base() + `?a=1"`
}

func (w *writer) headers() string {
	return w.one("h", "h", "g", `{"Authorization":"Zoho-authtoken " + `+w.token()+`}`, `{"orgId":org,"Authorization":"Zoho-authtoken " + `+w.token()+`}`, `{"orgId":org}`)
}

func (w *writer) request() {
	switch w.IntN(5) {
	case 0:
		w.line("r = getUrl(%s);", w.address())
	case 1:
		w.line("info getUrl(%s,%s,false);", w.address(), w.headers())
	case 2:
		w.line("r = postUrl(%s,%s,%s,false);", w.address(), w.one("p", `{"a":"b"}`, `{"authtoken":tok,"scope":"crmapi","x":"y"}`), w.headers())
	default:
		w.line("r = invokeurl")
		w.line("[")
		w.line("\turl: %s", w.address())
		w.line("\ttype: %s", w.one("GET", "POST"))
		if w.IntN(3) > 0 {
			w.line("\theaders: %s", w.headers())
		}
		if w.IntN(4) == 0 {
			w.line("\tparameters: p")
		}
		w.line("];")
	}
}

func (w *writer) statement() {
	switch w.IntN(20) {
	case 0:
		w.line(`tok = %s;`, w.one(`"not-a-real-token-1234"`, `zoho.crm.getOrgVariable("desk_token")`, "other"))
	case 1:
		w.line("h = Map();")
	case 2, 3:
		w.line(`%s.put("Authorization","Zoho-authtoken " + %s);`, w.one("h", "h", "g"), w.token())
	case 4:
		w.line(`h.put("orgId",org);`)
	case 5:
		w.line(`g = %s;`, w.one("h", "Map()", `{"Authorization":"Zoho-authtoken " + tok}`))
	case 6:
		w.line("url = %s;", w.address())
	case 7:
		w.line(`url = url + %s;`, w.one(`"&authtoken=" + tok`, `"&page=" + page`, `"?authtoken=" + tok`, `tail`))
	case 8:
		w.line(`url += %s;`, w.one(`"&authtoken=" + tok`, `"&page=2"`))
	case 9:
		w.line("tail = %s;", w.one(`"&x=1"`, `"&authtoken=" + tok`, `"&y=" + y`))
	case 10:
		w.line("p = %s;", w.one("Map()", `{"authtoken":tok}`, `"authtoken=" + tok + "&scope=crmapi&q=" + q`))
	case 11:
		w.line("info %s;", w.one("url", "tok", "h", "r"))
	case 12:
		w.line("x = %s;", w.one("tok", "url", `h.get("orgId")`, "standalone.work(tok)", "standalone.work(h)"))
	case 13, 14, 15:
		w.block()
	default:
		w.request()
	}
}

func (w *writer) block() {
	if w.depth > 2 {
		return
	}
	switch w.IntN(4) {
	case 0:
		w.line("for each v in {1,2}")
		w.body()
	case 1:
		w.line("try")
		w.body()
		w.line("catch (e)")
		w.body()
	default:
		w.line("if(%s)", w.one("a == b", "tok != null", "x"))
		w.body()
		if w.IntN(2) == 0 {
			w.line("else")
			w.body()
		}
	}
}

func (w *writer) body() {
	w.line("{")
	w.depth++
	for range 1 + w.IntN(3) {
		w.statement()
	}
	w.depth--
	w.line("}")
}

func TestRandomFunctionsKeepTheirMeaning(t *testing.T) {
	t.Parallel()
	moved, kept := 0, 0
	for seed := range uint64(*functions) {
		w := &writer{Rand: rand.New(rand.NewPCG(seed, 1))}
		w.line(`h = Map();`)
		w.line(`g = Map();`)
		if seed%4 > 0 { // else they are arguments
			w.line(`p = Map();`)
			w.line(`url = "https://desk.zoho.com/api/v1/agents?z=1";`)
			w.line(`tail = "";`)
		}
		for range 4 + w.IntN(8) {
			w.statement()
		}
		src := w.String()
		r := deluge.Rewrite(src, deluge.Options{Connection: link})
		after := r.Apply(src)
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			moved += sameMeaning(t, src, after)
			if again := deluge.Rewrite(after, deluge.Options{Connection: link}); len(again.Edits) > 0 {
				t.Errorf("a second time gives\n%s", again.Apply(after))
			}
			unsafe := slices.ContainsFunc(r.Findings, func(x deluge.Finding) bool { return x.Outcome == deluge.Unsafe })
			for oracle := range 12 {
				m, err := execute(after, oracle)
				if err != nil {
					t.Fatal(err)
				}
				for _, q := range m.sent {
					if _, how := allowed(q); how == "token" {
						if kept++; !unsafe {
							t.Errorf("a token is kept and not said: %s\n%s", describe(q), said(r))
						}
					}
				}
			}
			if t.Failed() {
				t.Logf("function\n%s\nrewritten\n%s\nsaid\n%s", src, after, said(r))
			}
		})
	}
	if moved < 2**functions || kept < 2**functions {
		t.Errorf("%d requests moved and %d kept their tokens: too few to tell", moved, kept)
	}
}
