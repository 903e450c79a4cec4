package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// serve answers with this host's name.
func serve(arguments []string) error {
	name, err := os.Hostname()
	if err != nil {
		return err
	}
	routes := http.NewServeMux()
	routes.HandleFunc("/", func(answer http.ResponseWriter, _ *http.Request) {
		fmt.Fprintln(answer, name)
	})
	routes.HandleFunc("/json", func(answer http.ResponseWriter, request *http.Request) {
		answer.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(answer).Encode(map[string]string{
			"hostname": name,
			"client":   request.RemoteAddr,
			"local":    localAddress(request),
			"node":     os.Getenv("NODE_NAME"),
		})
	})
	return listen(arguments, routes)
}

// listen answers on the address that the arguments name, if any, until it is told to end, and then finishes what is under way.
func listen(arguments []string, routes *http.ServeMux) error {
	address := ":8080"
	if len(arguments) > 0 {
		address = arguments[0]
	}
	routes.HandleFunc("/healthz", func(answer http.ResponseWriter, _ *http.Request) {
		fmt.Fprintln(answer, "ok")
	})
	server := &http.Server{Addr: address, Handler: routes, ReadHeaderTimeout: 10 * time.Second}
	// A connection a request: a balanced service then answers from all its pods.
	server.SetKeepAlivesEnabled(false)
	stop, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer cancel()
	drained := make(chan error, 1)
	go func() {
		<-stop.Done()
		limit, end := context.WithTimeout(context.Background(), 5*time.Second)
		defer end()
		drained <- server.Shutdown(limit)
	}()
	fmt.Println("toolbox", version, "listens on", address)
	if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return <-drained
}

func localAddress(request *http.Request) string {
	if address, ok := request.Context().Value(http.LocalAddrContextKey).(net.Addr); ok {
		return address.String()
	}
	return ""
}
