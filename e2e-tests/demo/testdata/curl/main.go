// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Command curl is as much of curl as printed commands use, of the demo and the simulator,
// for machines that have none: curl [-s] [-L] [-b ”] [--show-error] [-o FILE] [-w '%{http_code}\n'] [--cacert FILE]
// [--cert FILE --key FILE] [-H HEADER] [-d DATA|@FILE] [--data-binary @-] [-X METHOD] URL.
package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"os"
	"strconv"
	"strings"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "curl:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	request, err := http.NewRequest(http.MethodGet, "", nil)
	if err != nil {
		return err
	}
	roots := x509.NewCertPool()
	var data []string
	var jar http.CookieJar
	var target, certificate, key, after, file string
	for i := 0; i < len(args); i++ {
		value := func() string { i++; return args[i] }
		switch args[i] {
		case "-s", "--silent", "--show-error", "-L": // redirects are followed always
		case "-b":
			if value() != "" {
				return errors.New("-b takes no cookies, and has them kept")
			}
			jar, _ = cookiejar.New(nil) // never fails
		case "-o", "--output":
			file = value()
		case "-w", "--write-out":
			after = strings.ReplaceAll(value(), `\n`, "\n")
		case "--cert":
			certificate = value()
		case "--key":
			key = value()
		case "-X":
			request.Method = value()
		case "--data-binary":
			content, err := io.ReadAll(os.Stdin)
			if err != nil || value() != "@-" {
				return fmt.Errorf("--data-binary takes @- alone: %w", err)
			}
			data = append(data, string(content))
		case "-H", "--header":
			name, content, _ := strings.Cut(value(), ":")
			request.Header.Set(name, strings.TrimSpace(content))
		case "-d":
			data = append(data, value())
		case "--cacert":
			content, err := os.ReadFile(value())
			if err != nil {
				return err
			}
			roots.AppendCertsFromPEM(content)
		default:
			if target != "" || strings.HasPrefix(args[i], "-") {
				return fmt.Errorf("not understood: %s", args[i])
			}
			target = args[i]
		}
	}
	if request.URL, err = request.URL.Parse(target); err != nil {
		return err
	}
	if err := post(request, data); err != nil {
		return err
	}
	config := &tls.Config{RootCAs: roots}
	if certificate != "" {
		pair, err := tls.LoadX509KeyPair(certificate, key)
		if err != nil {
			return err
		}
		config.Certificates = []tls.Certificate{pair}
	}
	client := http.Client{Jar: jar, Transport: &http.Transport{TLSClientConfig: config}}
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	body := os.Stdout
	if file != "" {
		if body, err = os.Create(file); err != nil {
			return err
		}
		defer func() { _ = body.Close() }()
	}
	if _, err := io.Copy(body, response.Body); err != nil {
		return err
	}
	_, err = io.WriteString(os.Stdout, strings.ReplaceAll(after, "%{http_code}", strconv.Itoa(response.StatusCode)))
	return err
}

// post makes the request a POST of the data, as curl -d does.
func post(request *http.Request, data []string) error {
	if len(data) == 0 {
		return nil
	}
	for i, each := range data {
		if file, isFile := strings.CutPrefix(each, "@"); isFile {
			content, err := os.ReadFile(file)
			if err != nil {
				return err
			}
			data[i] = strings.ReplaceAll(strings.TrimSpace(string(content)), "\n", "")
		}
	}
	if request.Method == http.MethodGet {
		request.Method = http.MethodPost
	}
	if request.Header.Get("Content-Type") == "" {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	body := strings.Join(data, "&")
	request.Body, request.ContentLength = io.NopCloser(strings.NewReader(body)), int64(len(body))
	return nil
}
