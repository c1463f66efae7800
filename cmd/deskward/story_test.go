package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"filippo.io/age"
	"github.com/golang-jwt/jwt/v5"
	"github.com/rogpeppe/go-internal/testscript"
)

// patience is how long a story waits for what must happen.
const patience = 90 * time.Second

type storyKey struct{}

// story is what one script has running.
type story struct {
	running map[string]*process
	control string
}

// process is a program started in the background, its output in NAME.out and
// NAME.err.
type process struct {
	cmd   *exec.Cmd
	stdin io.WriteCloser
	ended chan error
}

func storyOf(ts *testscript.TestScript) *story { return ts.Value(storyKey{}).(*story) }

func storyCommands() map[string]func(*testscript.TestScript, bool, []string) {
	return map[string]func(*testscript.TestScript, bool, []string){
		"exits":    cmdExits,
		"start":    cmdStart,
		"signal":   cmdSignal,
		"ended":    cmdEnded,
		"send":     cmdSend,
		"hangup":   cmdHangup,
		"until":    cmdUntil,
		"agekey":   cmdAgeKey,
		"sandbox":  cmdSandbox,
		"control":  cmdControl,
		"legacy":   cmdLegacy,
		"selfcode": cmdSelfCode,
		"visit":    cmdVisit,
		"parallel": cmdParallel,
		"calls":    cmdCalls,
		"ask":      cmdAsk,
		"nosecret": cmdNoSecret,
		"cmdlines": cmdCommandLines,
		"faulted":  cmdFaulted,
		"truncate": cmdTruncate,
	}
}

// exits CODE PROGRAM ARG… runs a program and wants that exit code.
func cmdExits(ts *testscript.TestScript, neg bool, args []string) {
	want := number(ts, args[0])
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		e, ok := errors.AsType[*exec.ExitError](err)
		if !ok {
			ts.Fatalf("%v", err)
		}
		got = e.ExitCode()
	}
	if (got == want) == neg {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

// start NAME PROGRAM ARG… runs a program in the background.
func cmdStart(ts *testscript.TestScript, _ bool, args []string) {
	name := args[0]
	cmd := exec.Command(program(ts, args[1]), args[2:]...)
	cmd.Dir = ts.MkAbs(".")
	for _, v := range []string{
		"PATH", "HOME", "TMPDIR", "XDG_DATA_HOME", "LANG", "LOGNAME", "TERM", "NO_PROXY", "GOCOVERDIR", "SSH_CONNECTION",
		"DESKWARD_STORE", "DESKWARD_LANG", "DESKWARD_IDENTITY", "DESKWARD_PASSPHRASE_FILE", "DESKWARD_ENDPOINTS", "LATER",
	} {
		if value := ts.Getenv(v); value != "" {
			cmd.Env = append(cmd.Env, v+"="+value)
		}
	}
	p := &process{cmd: cmd, ended: make(chan error, 1)}
	var err error
	p.stdin, err = cmd.StdinPipe()
	ts.Check(err)
	out, err := os.Create(ts.MkAbs(name + ".out"))
	ts.Check(err)
	errs, err := os.Create(ts.MkAbs(name + ".err"))
	ts.Check(err)
	cmd.Stdout, cmd.Stderr = out, errs
	ts.Check(cmd.Start())
	go func() {
		p.ended <- cmd.Wait()
		out.Close()
		errs.Close()
	}()
	ts.Defer(func() {
		_ = cmd.Process.Kill() // it may have ended
		select {
		case <-p.ended:
		default:
		}
	})
	storyOf(ts).running[name] = p
}

func program(ts *testscript.TestScript, name string) string {
	for _, dir := range filepath.SplitList(ts.Getenv("PATH")) {
		if path := filepath.Join(dir, name); fileExists(path) {
			return path
		}
	}
	ts.Fatalf("no program %s", name)
	return ""
}

func fileExists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func runningProcess(ts *testscript.TestScript, name string) *process {
	p := storyOf(ts).running[name]
	if p == nil {
		ts.Fatalf("nothing called %s was started", name)
	}
	return p
}

// signal NAME kill|int|term|hup
func cmdSignal(ts *testscript.TestScript, _ bool, args []string) {
	signals := map[string]os.Signal{"kill": syscall.SIGKILL, "int": syscall.SIGINT, "term": syscall.SIGTERM, "hup": syscall.SIGHUP}
	ts.Check(runningProcess(ts, args[0]).cmd.Process.Signal(signals[args[1]]))
}

// ended NAME [CODE] waits for a program's end; -1 is an end by a signal.
func cmdEnded(ts *testscript.TestScript, _ bool, args []string) {
	want := 0
	if len(args) > 1 {
		want = number(ts, args[1])
	}
	p := runningProcess(ts, args[0])
	select {
	case <-p.ended:
	case <-time.After(patience):
		ts.Fatalf("%s did not end\n%s", args[0], ts.ReadFile(args[0]+".err"))
	}
	if got := p.cmd.ProcessState.ExitCode(); got != want {
		ts.Fatalf("%s: exit code %d, want %d\n%s", args[0], got, want, ts.ReadFile(args[0]+".err"))
	}
}

// send NAME TEXT types a line; with @FILE the text is a file's first line.
func cmdSend(ts *testscript.TestScript, _ bool, args []string) {
	text := args[1]
	if file, ok := strings.CutPrefix(text, "@"); ok {
		text, _, _ = strings.Cut(ts.ReadFile(file), "\n")
	}
	_, err := io.WriteString(runningProcess(ts, args[0]).stdin, text+"\n")
	ts.Check(err)
}

// hangup NAME ends a program's standard input.
func cmdHangup(ts *testscript.TestScript, _ bool, args []string) {
	ts.Check(runningProcess(ts, args[0]).stdin.Close())
}

// until FILE PATTERN waits until a file has a match.
func cmdUntil(ts *testscript.TestScript, _ bool, args []string) {
	re := regexp.MustCompile(args[1])
	for end := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		raw, err := os.ReadFile(ts.MkAbs(args[0]))
		if err == nil && re.Match(raw) {
			return
		}
		if time.Now().After(end) {
			ts.Fatalf("%s never matched %s:\n%s", args[0], args[1], raw)
		}
	}
}

// agekey FILE writes a new age identity, makes it the one that unlocks the
// store, and sets RECIPIENT.
func cmdAgeKey(ts *testscript.TestScript, _ bool, args []string) {
	id, err := age.GenerateX25519Identity()
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(id.String()+"\n"), 0o600))
	ts.Setenv("RECIPIENT", id.Recipient().String())
	ts.Setenv("DESKWARD_IDENTITY", ts.MkAbs(args[0]))
}

// sandbox starts the rehearsal services, points deskward at them, and sets
// their fixtures as variables: ZOHO_CLIENT_ID and so on.
func cmdSandbox(ts *testscript.TestScript, _ bool, _ []string) {
	cmdStart(ts, false, []string{"sandbox", "deskward", "sandbox", "--endpoints-out", "endpoints.yaml", "--ca-out", "sandbox-ca.pem"})
	cmdUntil(ts, false, []string{"sandbox.err", "--endpoints endpoints.yaml"})
	base := regexp.MustCompile(`control +(http://\S+)`).FindStringSubmatch(ts.ReadFile("sandbox.err"))
	if base == nil {
		ts.Fatalf("no control address in %s", ts.ReadFile("sandbox.err"))
	}
	storyOf(ts).control = base[1]
	ts.Setenv("DESKWARD_ENDPOINTS", ts.MkAbs("endpoints.yaml"))
	var state struct {
		Fixtures map[string]map[string]any `json:"fixtures"`
	}
	ts.Check(json.Unmarshal(callControl(ts, http.MethodGet, "/sandbox/state", ""), &state))
	for platform, fixtures := range state.Fixtures {
		setFixtures(ts, platform, fixtures)
	}
}

// setFixtures sets what is a text, also of people within: ZENDESK_CAST_LINKED_NAME.
func setFixtures(ts *testscript.TestScript, prefix string, fixtures map[string]any) {
	for name, value := range fixtures {
		switch value := value.(type) {
		case map[string]any:
			setFixtures(ts, prefix+"_"+name, value)
		case string:
			variable := strings.ToUpper(prefix + "_" + name)
			ts.Setenv(variable, value)
			ts.Check(os.WriteFile(ts.MkAbs(strings.ToLower(variable)), []byte(value+"\n"), 0o600))
		}
	}
}

func callControl(ts *testscript.TestScript, method, path, body string) []byte {
	req, err := http.NewRequest(method, storyOf(ts).control+path, strings.NewReader(body))
	ts.Check(err)
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	ts.Check(err)
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	ts.Check(err)
	if resp.StatusCode != http.StatusOK {
		ts.Fatalf("%s %s: %d %s", method, path, resp.StatusCode, raw)
	}
	return raw
}

// control METHOD PATH [JSON] turns one of the sandbox's knobs.
func cmdControl(ts *testscript.TestScript, _ bool, args []string) {
	body := ""
	if len(args) > 2 {
		body = args[2]
	}
	raw := callControl(ts, args[0], args[1], body)
	if len(args) > 3 {
		ts.Check(os.WriteFile(ts.MkAbs(args[3]), raw, 0o600))
	}
}

// legacy FROM TO writes the list of auth tokens that the sandbox made.
func cmdLegacy(ts *testscript.TestScript, _ bool, args []string) {
	var made struct{ CSV string }
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[0])), &made))
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(made.CSV), 0o600))
}

// faulted waits until every fault that was set has hit a call.
func cmdFaulted(ts *testscript.TestScript, _ bool, _ []string) {
	for end := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		var state struct{ Faults []any }
		ts.Check(json.Unmarshal(callControl(ts, http.MethodGet, "/sandbox/state", ""), &state))
		if len(state.Faults) == 0 {
			return
		}
		if time.Now().After(end) {
			ts.Fatalf("nobody met the fault")
		}
	}
}

// selfcode FILE SCOPE… makes a code in the sandbox's API console.
func cmdSelfCode(ts *testscript.TestScript, _ bool, args []string) {
	in, err := json.Marshal(map[string]any{"scopes": args[1:], "minutes": 10})
	ts.Check(err)
	var out struct{ Code string }
	ts.Check(json.Unmarshal(callControl(ts, http.MethodPost, "/sandbox/zoho/self-client-code", string(in)), &out))
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(out.Code+"\n"), 0o600))
}

// calls N SERVICE PATH wants so many calls in the sandbox's list.
func cmdCalls(ts *testscript.TestScript, _ bool, args []string) {
	var calls []struct{ Service, Path string }
	ts.Check(json.Unmarshal(callControl(ts, http.MethodGet, "/sandbox/calls", ""), &calls))
	n := 0
	for _, c := range calls {
		if c.Service == args[1] && c.Path == args[2] {
			n++
		}
	}
	if want := number(ts, args[0]); n != want {
		ts.Fatalf("%d calls of %s %s, want %d: %v", n, args[1], args[2], want, calls)
	}
}

// ask STATUS SERVE-OUT SECRET-FILE ORIGIN [OUT] is a page of that origin whose
// visitor has signed in to Xsolla Login: it asks the token endpoint that has
// printed its address into a file, and writes the token into OUT.
func cmdAsk(ts *testscript.TestScript, _ bool, args []string) {
	address := regexp.MustCompile(`http://\S+/generate/token`).FindString(ts.ReadFile(args[1]))
	now := time.Now()
	login, err := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{
		"iss": "https://login.xsolla.com", "xsolla_login_project_id": "40db2ea4-5d42-11e6-a3ff-005056a0e04a",
		"sub": "82cd5e0c-c3ff-11e9-b199-c1e5fc81c37f", "email": "kaethe@example.com", "iat": now.Unix(), "exp": now.Add(time.Hour).Unix(),
	}).SignedString([]byte(strings.TrimSpace(ts.ReadFile(args[2]))))
	ts.Check(err)
	req, err := http.NewRequest(http.MethodGet, address, nil)
	ts.Check(err)
	req.Header.Set("Origin", args[3])
	req.AddCookie(&http.Cookie{Name: "token", Value: login})
	resp, err := http.DefaultClient.Do(req)
	ts.Check(err)
	defer resp.Body.Close()
	var answer struct{ Token string }
	ts.Check(json.NewDecoder(resp.Body).Decode(&answer))
	if resp.StatusCode != number(ts, args[0]) {
		ts.Fatalf("the endpoint answered %s", resp.Status)
	}
	if len(args) > 4 {
		ts.Check(os.WriteFile(ts.MkAbs(args[4]), []byte(answer.Token+"\n"), 0o600))
	}
}

// visit URL-FILE [allow|deny] [OUT] is the person with a browser: it opens the
// address on the file's first line and answers the consent page. Without OUT
// it follows the redirect to deskward and shows the page there; with OUT, for
// a browser on another machine, it writes that address into the file.
func cmdVisit(ts *testscript.TestScript, neg bool, args []string) {
	address, _, _ := strings.Cut(ts.ReadFile(args[0]), "\n")
	say := "allow"
	if len(args) > 1 {
		say = args[1]
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	to, err := answerConsent(client, address, say)
	ts.Check(err)
	if len(args) > 2 {
		ts.Check(os.WriteFile(ts.MkAbs(args[2]), []byte(to+"\n"), 0o600))
		return
	}
	resp, err := client.Get(to)
	ts.Check(err)
	defer resp.Body.Close()
	page, err := io.ReadAll(resp.Body)
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs("page.html"), page, 0o600))
	if (resp.StatusCode == http.StatusOK) == neg {
		ts.Fatalf("the page has status %d:\n%s", resp.StatusCode, page)
	}
}

// answerConsent opens a consent page, presses its button, and returns where
// the browser is sent.
func answerConsent(client *http.Client, address, say string) (string, error) {
	resp, err := client.Get(address)
	if err != nil {
		return "", err
	}
	page, err := io.ReadAll(resp.Body)
	resp.Body.Close()
	if err != nil {
		return "", err
	}
	form := map[string][]string{"answer": {say}}
	for _, m := range regexp.MustCompile(`<input[^>]*name="([^"]*)" value="([^"]*)"`).FindAllStringSubmatch(string(page), -1) {
		form[m[1]] = append(form[m[1]], m[2])
	}
	if m := regexp.MustCompile(`<option value="([^"]*)"`).FindStringSubmatch(string(page)); m != nil {
		form["portal"] = []string{m[1]}
	}
	action := regexp.MustCompile(`action="([^"]*)"`).FindStringSubmatch(string(page))
	if action == nil {
		return "", fmt.Errorf("no consent page but %s", page)
	}
	resp, err = client.PostForm(resp.Request.URL.Scheme+"://"+resp.Request.URL.Host+action[1], form)
	if err != nil {
		return "", err
	}
	resp.Body.Close()
	to := resp.Header.Get("Location")
	if to == "" {
		return "", fmt.Errorf("the consent page answered %s", resp.Status)
	}
	return to, nil
}

// parallel N PROGRAM ARG… runs a program N times at once; all must succeed
// and print the same, which goes to the file parallel.out. One that found the
// store held by the others for three seconds (exit code 3: nothing was done)
// does as it is told and tries again, which on a busy machine must happen.
func cmdParallel(ts *testscript.TestScript, _ bool, args []string) {
	n := number(ts, args[0])
	path := program(ts, args[1])
	outs, errs := make([]bytes.Buffer, n), make([]error, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			for range 10 {
				cmd := exec.Command(path, args[2:]...)
				for _, v := range []string{"HOME", "DESKWARD_STORE", "DESKWARD_IDENTITY", "DESKWARD_ENDPOINTS", "NO_PROXY", "GOCOVERDIR", "LATER"} {
					cmd.Env = append(cmd.Env, v+"="+ts.Getenv(v))
				}
				var stderr bytes.Buffer
				cmd.Stdout, cmd.Stderr = &outs[i], &stderr
				err := cmd.Run()
				if errs[i] = nil; err == nil {
					return
				}
				errs[i] = fmt.Errorf("%w: %s", err, stderr.String())
				if cmd.ProcessState.ExitCode() != 3 {
					return
				}
				outs[i].Reset()
			}
		})
	}
	wg.Wait()
	ts.Check(errors.Join(errs...))
	for i := range outs {
		if outs[i].String() != outs[0].String() {
			ts.Fatalf("run %d printed %q, run 0 %q", i, outs[i].String(), outs[0].String())
		}
	}
	ts.Check(os.WriteFile(ts.MkAbs("parallel.out"), outs[0].Bytes(), 0o600))
}

// nosecret SECRET PATH… wants that no file at or below the paths has the text.
func cmdNoSecret(ts *testscript.TestScript, _ bool, args []string) {
	secret := []byte(args[0])
	if file, ok := strings.CutPrefix(args[0], "@"); ok {
		secret = []byte(strings.TrimSpace(ts.ReadFile(file)))
	}
	if len(secret) < 6 {
		ts.Fatalf("%q is too short to look for", secret)
	}
	seen := 0
	for _, root := range args[1:] {
		ts.Check(filepath.WalkDir(ts.MkAbs(root), func(path string, d os.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			raw, err := os.ReadFile(path)
			seen++
			if bytes.Contains(raw, secret) {
				return fmt.Errorf("%s holds the secret", path)
			}
			return err
		}))
	}
	if seen == 0 {
		ts.Fatalf("no file was looked at")
	}
}

// cmdlines FILE writes the arguments of every process of this story into a file.
func cmdCommandLines(ts *testscript.TestScript, _ bool, args []string) {
	var all []byte
	for _, p := range storyOf(ts).running {
		raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", p.cmd.Process.Pid))
		if err == nil {
			all = append(all, raw...)
			all = append(all, '\n')
		}
	}
	if len(all) == 0 {
		ts.Fatalf("nothing is running")
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), all, 0o600))
}

// truncate FILE BYTES cuts a file.
func cmdTruncate(ts *testscript.TestScript, _ bool, args []string) {
	ts.Check(os.Truncate(ts.MkAbs(args[0]), int64(number(ts, args[1]))))
}

func number(ts *testscript.TestScript, text string) int {
	n, err := strconv.Atoi(text)
	ts.Check(err)
	return n
}
