package main

import (
	"fmt"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestMain lets the scripts run this test binary as the command deskward, so
// that what they run is covered and watched by the race detector too.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"deskward": func() {
			os.Exit(run(os.Args[1:], streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr}, environment{Getenv: os.Getenv, Clock: later{}}))
		},
	})
}

// later is the machine's clock, set ahead by the story's variable LATER.
type later struct{}

func (later) Now() time.Time {
	ahead, _ := time.ParseDuration(os.Getenv("LATER")) // 0 where there is none
	return time.Now().UTC().Add(ahead)
}

// TestStories runs testdata/*.txtar, one story a file. The commands that the
// stories have besides testscript's own are in story_test.go.
func TestStories(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		UpdateScripts:       os.Getenv("UPDATE_SCRIPTS") != "",
		Cmds:                storyCommands(),
		Condition: func(cond string) (bool, error) {
			if cond == "namespaces" {
				return exec.Command("unshare", "-rm", "true").Run() == nil, nil
			}
			return false, fmt.Errorf("unknown condition %q", cond)
		},
		Setup: func(e *testscript.Env) error {
			e.Values[storyKey{}] = &story{running: map[string]*process{}}
			e.Vars = append(e.Vars,
				"HOME="+e.WorkDir, "XDG_DATA_HOME="+e.WorkDir+"/data", "DESKWARD_STORE="+e.WorkDir+"/store/deskward.db",
				"LANG=en_US.UTF-8", "DESKWARD_LANG=en", "LOGNAME=mina", "TERM=dumb", "NO_PROXY=*",
				"GOCOVERDIR="+os.Getenv("GOCOVERDIR"),
			)
			return nil
		},
	})
}
