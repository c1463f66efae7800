package consent

// PortHolder names the process that listens on a TCP port of this machine,
// where the system tells: ok is false for other users' processes and on
// systems without /proc.
func PortHolder(port int) (pid int, command string, ok bool) { return portHolder("/proc", port) }
