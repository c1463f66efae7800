package main

import (
	"deskward/tui/screen"
	"deskward/tui/signinwalk"
)

// signInWalk opens the screen that plays what signing in changes. It works on
// nothing that is kept.
func signInWalk() screen.Screen { return signinwalk.New() }
