//go:build !unix

package main

// harden does nothing where there are neither core dumps nor a umask.
func harden() {}
