// Pause holds a pod's namespaces open: it waits for a signal to end and reaps what is left to it as process 1.
// The same contract as Kubernetes' build/pause/linux/pause.c.
package main

import (
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

// version is set by the linker.
var version = "unknown"

func main() {
	for _, argument := range os.Args[1:] {
		if argument == "-v" || argument == "-V" {
			fmt.Println("pause", version)
			return
		}
	}
	if os.Getpid() != 1 {
		// Not an error: pause may run outside a pod.
		fmt.Fprintln(os.Stderr, "Warning: pause should be the first process")
	}
	signals := make(chan os.Signal, 16)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM, syscall.SIGCHLD)
	for received := range signals {
		if received != syscall.SIGCHLD {
			fmt.Fprintln(os.Stderr, "Shutting down, got signal:", received)
			return
		}
		reap()
	}
}

// reap collects every child that has ended.
func reap() {
	for {
		pid, err := syscall.Wait4(-1, nil, syscall.WNOHANG, nil)
		if err == syscall.EINTR {
			continue
		}
		if pid <= 0 || err != nil {
			return
		}
	}
}
