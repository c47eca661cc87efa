// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Package sample makes a closed query to begin with, and the shell command that sends it.
// It is about a patient of the Mitz test environment, who permits everything.
//
// It must never take a patient from elsewhere: what it makes is printed.
package sample

import (
	_ "embed" // the query
	"strings"
	"text/template"

	"github.com/nuts-mitz/nuts-mitz/mitzclient/mitztest"
)

// Headers of the request, but X-Request-Id.
const contentType = `application/soap+xml; charset=UTF-8; action="XACMLAuthorizationDecisionQueryRequest"`

//go:embed query.xml
var queryText string

var query = template.Must(template.New("query").Parse(queryText))

// Query returns the message. The id is a uuid, the same as in the header X-Request-Id, and
// new for each query; the url is where it is sent.
func Query(id, url string) string {
	var text strings.Builder
	values := struct{ ID, URL, Patient string }{id, url, mitztest.PatientAlwaysPermit}
	if err := query.Execute(&text, values); err != nil {
		panic(err) // the template does not fit the values
	}
	return strings.TrimSuffix(text.String(), "\n")
}

// Client is what a command needs to get in: paths of PEM files.
type Client struct{ CA, Certificate, Key string }

// Curl returns a command for a POSIX shell. Each time it is run it has another id, as Mitz
// demands; the message is in its standard input, so that no number is an argument.
func Curl(client Client, url string) string {
	lines := []string{
		`id=$(uuidgen 2>/dev/null || cat /proc/sys/kernel/random/uuid)`,
		`curl --silent --show-error --write-out '\n' \`,
		`  --cacert ` + quote(client.CA) + ` \`,
		`  --cert ` + quote(client.Certificate) + ` --key ` + quote(client.Key) + ` \`,
		`  --header ` + quote("Content-Type: "+contentType) + ` \`,
		`  --header "X-Request-Id: $id" \`,
		`  --data-binary @- ` + quote(url) + ` <<QUERY`,
		Query("$id", url),
		`QUERY`,
	}
	return strings.Join(lines, "\n") + "\n"
}

// quote makes one word of a text, for a POSIX shell.
func quote(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }
