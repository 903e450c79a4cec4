// toolbox is a small set of network checks and servers for tests and examples, one program with a verb each.
package main

import (
	"fmt"
	"os"
)

// version is set by the linker.
var version = "unknown"

const usage = `toolbox: network checks and example servers of kube-lab
  toolbox serve [ADDRESS]            answer HTTP on ADDRESS (default :8080) with this host's name; /json tells more
  toolbox get URL [SECONDS]          print what URL answers, within SECONDS (default 5)
  toolbox connect ADDRESS [COUNT]    COUNT (default 100) new TCP connections to ADDRESS (host:port); who answered how often
  toolbox lookup NAME                print the addresses (or, for an address, the names) that the resolver knows
  toolbox guestbook URL [ADDRESS]    serve a guestbook whose entries are in the store at URL
  toolbox store [ADDRESS]            keep a guestbook's entries, in memory
  toolbox sign URL TEXT              put TEXT into the guestbook at URL
  toolbox version`

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, usage)
		os.Exit(2)
	}
	verbs := map[string]func([]string) error{
		"serve": serve, "get": get, "connect": connect, "lookup": lookup,
		"guestbook": guestbook, "store": store, "sign": sign, "version": tellVersion,
	}
	run, known := verbs[os.Args[1]]
	if !known {
		fmt.Fprintf(os.Stderr, "unknown verb %q\n%s\n", os.Args[1], usage)
		os.Exit(2)
	}
	if err := run(os.Args[2:]); err != nil {
		fmt.Fprintf(os.Stderr, "toolbox %s: %v\n", os.Args[1], err)
		os.Exit(1)
	}
}

func tellVersion([]string) error {
	fmt.Println(version)
	return nil
}
