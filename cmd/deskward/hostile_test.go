package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	"deskward/core"
)

// evil is a text that would act on a terminal, or disguise what it shows.
const evil = "e\u009b2J\x1b]52;c;ZXZpbA==\x07\x1b[8m\u202egpj\u2066\u200b\x7f\r\bl"

// TestNothingForeignActsOnTheTerminal runs what reads foreign files over files
// whose names, texts and values are all evil.
func TestNothingForeignActsOnTheTerminal(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	quoted, _ := json.Marshal(evil)
	q := string(quoted)
	part := func(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }
	functions := filepath.Join(dir, "functions"+evil)
	if err := os.Mkdir(functions, 0o700); err != nil {
		t.Fatal(err)
	}
	write(filepath.Join(filepath.Base(functions), "f"+evil+".dg"),
		"// "+evil+"\nh = Map();\nh.put(\"Authorization\", \"Zoho-authtoken 0123456789abcdef0123456789abcdef"+evil+"\");\nr = invokeurl [ url: \"https://desk.zoho.com/api/v1/tickets/"+evil+"\" type: GET headers: h ];\nx = getUrl(\"https://"+evil+"/?authtoken=\" + "+evil+");\n")
	manifest := write("plugin-manifest"+evil+".json", `{"service":[`+q+`,"DESK"],"name":`+q+`,"connections":[{"connectionName":`+q+`}],`+q+`:1}`)
	connection := write("connection.json", `{"connectionLinkName":`+q+`,"connectionName":`+q+`,"serviceName":`+q+`,"userAccess":true,"isUserDefinedService":false,"sharedBy":"","scope":[`+q+`]}`)
	token := write("token", part(`{"alg":`+q+`,"kid":`+q+`,"typ":`+q+`}`)+"."+part(`{"external_id":`+q+`,"name":`+q+`,`+q+`:1,"email":`+q+`,"scope":`+q+`}`)+".AAAA")
	page := write("page", "<html><p>"+evil+" invalid_client "+q+`{"error":"invalid_grant","error_description":`+q+`}`)
	list := write("list"+evil+".csv", "authtoken,"+evil+",client_id\n"+evil+",b,"+evil+"\n\""+evil+",,\n")
	answers := write("answers"+evil+".yaml", q+": "+q+"\n")
	env := quiet("en")
	getenv := env.Getenv
	env.Getenv = func(name string) string {
		if name == "DESKWARD_STORE" {
			return filepath.Join(dir, "no"+evil+".db")
		}
		return getenv(name)
	}
	for _, args := range [][]string{
		{"zoho", "rewrite", functions, "--connection", "desk"},
		{"zoho", "rewrite", functions, "--connection", "desk", "--tasks", "--own-oauth", "--check"},
		{"zoho", "rewrite", functions, "--connection", evil},
		{"zoho", "rewrite", functions + evil, "--connection", "desk"},
		{"zoho", "manifest", manifest, "--connection-json", connection},
		{"zoho", "manifest", connection, "--connection-json", manifest},
		{"zoho", "manifest", manifest + evil, "--connection-json", connection},
		{"zoho", "manifest", manifest, "--connection-json", page},
		{"keys", "inspect", token},
		{"keys", "inspect", page},
		{"keys", "inspect", token, "--key", evil},
		{"doctor", "explain", "--file", page},
		{"doctor", "explain", "--file", evil},
		{"doctor", "explain", evil},
		{"zoho", "migrate", list, "--variant", "self", "--dry-run"},
		{"zoho", "migrate", list, "--variant", evil},
		{"runs", "start", evil, "--answers", answers},
		{"runs", "start", "zoho-authtoken-self", "--answers", answers},
		{"guides", "show", evil},
		{"visitor", "find", "--from-file", list},
		{"mail", "prove", evil, "--smtp", "smtp://" + evil},
		{"mail", "prove", "x", "--smtp", "smtp://mail" + "\u202e" + ".example:25"},
		{"connect", evil, "--name", evil},
		{"connect", "zoho", "--name", "x", "--region", evil},
		{"connections", "setup", evil},
		{"serve", "token-endpoint", "--login-key", evil, "--chat-key", evil, "--listen", evil},
		{evil},
		{"--" + evil},
		{"--endpoints", answers, "connections", "list"},
		{"--ca", page, "connections", "list"},
	} {
		for _, json := range [][]string{nil, {"--json"}} {
			var out, errs bytes.Buffer
			args := append(append([]string{}, args...), json...)
			run(args, streams{In: strings.NewReader(evil + "\n"), Out: &out, Err: &errs}, env)
			if out.Len()+errs.Len() == 0 {
				t.Errorf("%q says nothing", args)
			}
			for _, text := range []string{out.String(), errs.String()} {
				for _, r := range text {
					if r != '\n' && r != '\t' && (unicode.IsControl(r) || core.CleanLine(string(r)) != string(r)) {
						t.Errorf("%q lets %U through: %q", args, r, around(text, r))
						break
					}
				}
			}
		}
	}
}

// around is the line in which a character stands.
func around(text string, r rune) string {
	i := strings.IndexRune(text, r)
	from := strings.LastIndexByte(text[:i], '\n') + 1
	to := len(text)
	if n := strings.IndexByte(text[i:], '\n'); n >= 0 {
		to = i + n
	}
	return text[from:min(to, from+300)]
}
