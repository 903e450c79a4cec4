package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	parallelConnections = 16
	connectionTimeout   = 5 * time.Second
)

// get prints the body of an answer; a status from 400 on is an error.
func get(arguments []string) error {
	if len(arguments) < 1 {
		return errors.New("URL is missing")
	}
	seconds, err := positive(arguments, 1, 5)
	if err != nil {
		return err
	}
	client := http.Client{Timeout: time.Duration(seconds) * time.Second}
	answer, err := client.Get(arguments[0])
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if _, err := io.Copy(os.Stdout, answer.Body); err != nil {
		return err
	}
	if answer.StatusCode >= 400 {
		return errors.New(answer.Status)
	}
	return nil
}

// connect opens many connections and counts which host answered each (mconnect's kind of check).
func connect(arguments []string) error {
	if len(arguments) < 1 {
		return errors.New("ADDRESS (host:port) is missing")
	}
	count, err := positive(arguments, 1, 100)
	if err != nil {
		return err
	}
	began := time.Now()
	var lock sync.Mutex
	var group sync.WaitGroup
	hosts, failures := map[string]int{}, map[string]int{}
	slots := make(chan struct{}, parallelConnections)
	for range count {
		slots <- struct{}{}
		group.Go(func() {
			defer func() { <-slots }()
			name, err := whoAnswers(arguments[0])
			lock.Lock()
			defer lock.Unlock()
			if err != nil {
				failures[err.Error()]++
			} else {
				hosts[name]++
			}
		})
	}
	group.Wait()
	failed := 0
	for _, times := range failures {
		failed += times
	}
	fmt.Printf("Failed connects; %d of %d in %.1f s\n", failed, count, time.Since(began).Seconds())
	for _, name := range slices.Sorted(maps.Keys(hosts)) {
		fmt.Printf("  %s %d\n", name, hosts[name])
	}
	if failed == 0 {
		return nil
	}
	return fmt.Errorf("%d connections failed: %s", failed, strings.Join(slices.Sorted(maps.Keys(failures)), "; "))
}

// whoAnswers asks a toolbox server for its name over a connection of its own.
func whoAnswers(address string) (string, error) {
	connection, err := net.DialTimeout("tcp", address, connectionTimeout)
	if err != nil {
		return "", err
	}
	defer connection.Close()
	if err := connection.SetDeadline(time.Now().Add(connectionTimeout)); err != nil {
		return "", err
	}
	request, err := http.NewRequest(http.MethodGet, "http://"+address+"/", nil)
	if err != nil {
		return "", err
	}
	request.Close = true
	if err := request.Write(connection); err != nil {
		return "", err
	}
	answer, err := http.ReadResponse(bufio.NewReader(connection), request)
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, 4096))
	return strings.TrimSpace(string(body)), err
}

// lookup asks the system's resolver for a name's addresses or an address's names.
func lookup(arguments []string) error {
	if len(arguments) < 1 {
		return errors.New("NAME is missing")
	}
	limit, end := context.WithTimeout(context.Background(), connectionTimeout)
	defer end()
	ask := net.DefaultResolver.LookupHost
	if net.ParseIP(arguments[0]) != nil {
		ask = net.DefaultResolver.LookupAddr
	}
	found, err := ask(limit, arguments[0])
	if err != nil {
		return err
	}
	slices.Sort(found)
	fmt.Println(strings.Join(found, "\n"))
	return nil
}

func positive(arguments []string, index, fallback int) (int, error) {
	if len(arguments) <= index {
		return fallback, nil
	}
	value, err := strconv.Atoi(arguments[index])
	if err != nil || value < 1 {
		return 0, fmt.Errorf("%q is not a number from 1 on", arguments[index])
	}
	return value, nil
}
