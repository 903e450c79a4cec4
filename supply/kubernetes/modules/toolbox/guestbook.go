package main

import (
	"errors"
	"fmt"
	"html/template"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"
)

const longestEntry = 1000

// store keeps lines in memory: POST adds one, GET answers with all.
func store(arguments []string) error {
	var lock sync.Mutex
	var entries []string
	routes := http.NewServeMux()
	routes.HandleFunc("POST /entries", func(answer http.ResponseWriter, request *http.Request) {
		text, err := io.ReadAll(io.LimitReader(request.Body, longestEntry))
		entry := strings.Join(strings.Fields(string(text)), " ")
		if err != nil || entry == "" {
			http.Error(answer, "an entry is a line of text", http.StatusBadRequest)
			return
		}
		lock.Lock()
		defer lock.Unlock()
		entries = append(entries, entry)
		answer.WriteHeader(http.StatusCreated)
	})
	routes.HandleFunc("GET /entries", func(answer http.ResponseWriter, _ *http.Request) {
		lock.Lock()
		defer lock.Unlock()
		for _, entry := range entries {
			fmt.Fprintln(answer, entry)
		}
	})
	return listen(arguments, routes)
}

var page = template.Must(template.New("page").Parse(`<!doctype html>
<title>Guestbook</title>
<h1>Guestbook</h1>
<form method="post"><input name="entry" autofocus> <button>Sign</button></form>
<ul>{{range .Entries}}<li>{{.}}</li>{{end}}</ul>
<p>Answered by {{.Host}}</p>
`))

// guestbook is a web page in front of a store; any number of it may run.
func guestbook(arguments []string) error {
	if len(arguments) < 1 {
		return errors.New("URL of the store is missing")
	}
	entries := strings.TrimSuffix(arguments[0], "/") + "/entries"
	client := http.Client{Timeout: 5 * time.Second}
	host, err := os.Hostname()
	if err != nil {
		return err
	}
	routes := http.NewServeMux()
	routes.HandleFunc("GET /{$}", func(answer http.ResponseWriter, _ *http.Request) {
		found, err := client.Get(entries)
		if err != nil {
			http.Error(answer, "the store does not answer", http.StatusBadGateway)
			return
		}
		defer found.Body.Close()
		text, err := io.ReadAll(found.Body)
		if err != nil || found.StatusCode != http.StatusOK {
			http.Error(answer, "the store does not answer", http.StatusBadGateway)
			return
		}
		lines := strings.FieldsFunc(string(text), func(letter rune) bool { return letter == '\n' })
		_ = page.Execute(answer, map[string]any{"Entries": lines, "Host": host})
	})
	routes.HandleFunc("POST /{$}", func(answer http.ResponseWriter, request *http.Request) {
		added, err := client.Post(entries, "text/plain", strings.NewReader(request.PostFormValue("entry")))
		if err != nil {
			http.Error(answer, "the store does not answer", http.StatusBadGateway)
			return
		}
		added.Body.Close()
		if added.StatusCode != http.StatusCreated {
			http.Error(answer, "the store took no such entry", http.StatusBadRequest)
			return
		}
		http.Redirect(answer, request, "/", http.StatusSeeOther)
	})
	return listen(arguments[1:], routes)
}

// sign puts an entry into a guestbook, as its page's form does.
func sign(arguments []string) error {
	if len(arguments) < 2 {
		return errors.New("URL or TEXT is missing")
	}
	client := http.Client{Timeout: 5 * time.Second}
	answer, err := client.PostForm(arguments[0], url.Values{"entry": {strings.Join(arguments[1:], " ")}})
	if err != nil {
		return err
	}
	answer.Body.Close()
	if answer.StatusCode >= 400 {
		return errors.New(answer.Status)
	}
	return nil
}
