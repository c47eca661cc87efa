// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package mitzclient

import (
	"crypto/tls"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestNewRefuses(t *testing.T) {
	for _, tt := range []struct {
		name string
		cfg  Config
		text string
	}{
		{"no endpoint", Config{}, "endpoint: missing"},
		{"an endpoint without a host", Config{Endpoint: "https:///mitz", TLS: &tls.Config{}}, "endpoint: not a URL of the form https://host/path"},
		{"an endpoint of another scheme", Config{Endpoint: "ftp://mitz.example"}, "endpoint: not a URL of the form https://host/path"},
		{"an endpoint that is no URL", Config{Endpoint: "https://user:secret@mitz example"}, "endpoint: not a URL of the form https://host/path"},
		{"a user in the endpoint", Config{Endpoint: "https://user:secret@mitz.example", TLS: &tls.Config{}}, "endpoint: only scheme, host and path"},
		{"a query in the endpoint", Config{Endpoint: "https://mitz.example?a", TLS: &tls.Config{}}, "endpoint: only scheme, host and path"},
		{"an empty query in the endpoint", Config{Endpoint: "https://mitz.example?", TLS: &tls.Config{}}, "endpoint: only scheme, host and path"},
		{"the path of the closed query in the endpoint", Config{Endpoint: "https://mitz.example/mitz" + closedQueryPath + "/", TLS: &tls.Config{}}, "endpoint: ends in the path of a service, which is added to it"},
		{"an empty fragment in the endpoint", Config{Endpoint: "https://mitz.example#", TLS: &tls.Config{}}, "endpoint: only scheme, host and path"},
		{"https without TLS", Config{Endpoint: "https://mitz.example"}, "tls: required with an https endpoint"},
		{"TLS without https", Config{Endpoint: "http://mitz.example", TLS: &tls.Config{}}, "tls: of no use with an http endpoint"},
		{"TLS files without https", Config{Endpoint: "http://mitz.example", Files: &TLSFiles{}}, "tls: of no use with an http endpoint"},
		{"TLS twice", Config{Endpoint: "https://mitz.example", TLS: &tls.Config{}, Files: &TLSFiles{}}, "tls: both ready and in files"},
		{"TLS files that are not good", Config{Endpoint: "https://mitz.example", Files: &TLSFiles{CertFile: "a", CertKeyFile: "b"}},
			"tls.certfile: open a: no such file or directory\ntls.certkeyfile: open b: no such file or directory"},
		{"every problem at once", Config{Timeout: -1, MaxConnections: -1}, "endpoint: missing\ntimeout: negative\nmaxconnections: negative"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			client, err := New(tt.cfg)
			require.Nil(t, client)
			require.EqualError(t, err, tt.text)
		})
	}
}

func TestNewFillsTheDefaults(t *testing.T) {
	client, err := New(Config{Endpoint: "http://mitz.example/base//"})
	require.NoError(t, err)
	require.Equal(t, "http://mitz.example/base/geslotenautorisatievraag/xacml3", client.query.url)
	require.Equal(t, 3*time.Second, client.config.Timeout)
	require.Equal(t, 64, client.query.line.Connections().MaxConnsPerHost)
}
