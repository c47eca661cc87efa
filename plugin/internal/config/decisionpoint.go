// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package config

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"github.com/nuts-mitz/nuts-mitz/plugin/internal/pdpserver"
)

// DecisionPoint says where the decision point without a node listens, and who may ask it.
type DecisionPoint struct {
	// Address is where it listens, an IP address or localhost with a port: 127.0.0.1:8086 by
	// default.
	Address string `koanf:"address"`
	// URL is where its clients reach it, as its metadata tell; empty: at Address.
	URL string `koanf:"url"`
	// TokenFile holds the bearer tokens of its clients, one a line; empty: they need none.
	TokenFile string           `koanf:"tokenfile"`
	TLS       DecisionPointTLS `koanf:"tls"`
}

// DecisionPointTLS names the files, all in PEM, by which a decision point and its clients know
// each other.
type DecisionPointTLS struct {
	CertFile    string `koanf:"certfile"`    // empty: there is no TLS
	CertKeyFile string `koanf:"certkeyfile"` // not encrypted
	// ClientCAFile has the roots of the certificates that clients must come with; empty: they
	// need none. ClientCertNames are the names of which such a certificate must have one: DNS
	// names or the common name, or [pdpserver.AnyName].
	ClientCAFile    string   `koanf:"clientcafile"`
	ClientCertNames []string `koanf:"clientcertnames"`
}

func defaultDecisionPoint() DecisionPoint { return DecisionPoint{Address: "127.0.0.1:8086"} }

func addDecisionPointFlags(flags *pflag.FlagSet, unset DecisionPoint) {
	flags.String("mitz.pdp.address", unset.Address, "Address at which 'mitz pdp' listens: an IP address or localhost, and a port. Beyond this machine it needs TLS, and clients that are known.")
	flags.String("mitz.pdp.url", unset.URL, "URL at which its clients reach 'mitz pdp', without a path. Without it they reach it at mitz.pdp.address.")
	flags.String("mitz.pdp.tokenfile", unset.TokenFile, "File with the bearer tokens of the clients of 'mitz pdp', one a line. It is read again when it changes. Without it they need none.")
	flags.String("mitz.pdp.tls.certfile", unset.TLS.CertFile, "PEM file with the certificate of 'mitz pdp' and its chain. Without it there is no TLS.")
	flags.String("mitz.pdp.tls.certkeyfile", unset.TLS.CertKeyFile, "PEM file with the private key of that certificate.")
	flags.String("mitz.pdp.tls.clientcafile", unset.TLS.ClientCAFile, "PEM file with the only root certificates of the certificates that clients of 'mitz pdp' must come with. Without it they need none.")
}

// validateDecisionPoint says what is wrong with where a decision point listens, and with who
// may ask it: whoever may ask learns what Mitz knows about every patient, who sees it.
func (s Section) validateDecisionPoint() []error {
	d := s.DecisionPoint
	problems := []error{d.checkAddress(), d.checkURL()}
	problem := func(text string) { problems = append(problems, errors.New(text)) }
	switch {
	case d.TLS.CertFile != "" && d.TLS.CertKeyFile == "":
		problem("pdp.tls.certkeyfile: required with pdp.tls.certfile: its private key")
	case d.TLS.CertFile == "" && d.TLS.CertKeyFile != "":
		problem("pdp.tls.certfile: required with pdp.tls.certkeyfile: its certificate")
	case d.TLS.CertFile == "" && d.TLS.ClientCAFile != "":
		problem("pdp.tls.clientcafile: needs pdp.tls.certfile: without TLS no client shows a certificate")
	}
	switch {
	case d.TLS.ClientCAFile == "" && len(d.TLS.ClientCertNames) > 0:
		problem("pdp.tls.clientcafile: required with pdp.tls.clientcertnames: the roots of the clients' certificates, in PEM")
	case d.TLS.ClientCAFile != "" && len(d.TLS.ClientCertNames) == 0:
		problem("pdp.tls.clientcertnames: required with pdp.tls.clientcafile: the names of those who may ask, or '" + pdpserver.AnyName +
			"' where these roots vouch for nobody else")
	}
	for i, name := range d.TLS.ClientCertNames {
		if name == "" || strings.TrimSpace(name) != name {
			problem(fmt.Sprintf("pdp.tls.clientcertnames[%d]: not a name as it is in a certificate: a DNS name, or the common name", i))
		}
	}
	if len(d.TLS.ClientCertNames) > 1 && slices.Contains(d.TLS.ClientCertNames, pdpserver.AnyName) {
		problem("pdp.tls.clientcertnames: '" + pdpserver.AnyName + "' is everybody: write it alone, or leave it out")
	}
	return problems
}

// checkAddress refuses to be reached from other machines in the clear, or by everybody.
func (d DecisionPoint) checkAddress() error {
	host, port, err := net.SplitHostPort(d.Address)
	if err != nil {
		return errors.New("pdp.address: a host and a port belong here, such as 127.0.0.1:8086")
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return errors.New("pdp.address: the port is no number up to 65535")
	}
	if _, err := netip.ParseAddr(host); host != "" && host != "localhost" && err != nil {
		return errors.New("pdp.address: the host is neither an IP address of this machine nor localhost: what a name leads to may change")
	}
	if pdpserver.IsLoopback(d.Address) {
		return nil
	}
	const beyond = "pdp.address: can be reached from other machines, and "
	switch {
	case d.TLS.CertFile == "":
		return errors.New(beyond + "what is asked holds patients' numbers: give it TLS with pdp.tls.certfile, or listen at 127.0.0.1 " +
			"(behind a proxy on this machine that ends TLS)")
	case d.TLS.ClientCAFile == "" && d.TokenFile == "":
		return errors.New(beyond + "everybody there could ask what Mitz knows about any patient: demand bearer tokens with pdp.tokenfile, " +
			"or certificates with pdp.tls.clientcafile. For clients that can show neither, such as a stock node, listen at 127.0.0.1 on the client's own machine")
	default:
		return nil
	}
}

func (d DecisionPoint) checkURL() error {
	if d.URL == "" {
		return nil
	}
	address, err := url.Parse(d.URL)
	switch {
	case err != nil || address.Host == "" || address.Scheme != "https" && address.Scheme != "http":
		return errors.New("pdp.url: not a URL such as https://pdp.example")
	case address.User != nil || address.RawQuery != "" || address.Fragment != "" || address.Path != "" && address.Path != "/":
		return errors.New("pdp.url: only a scheme, a host and a port belong here: the path is " + pdpserver.Prefix + "<subject>")
	default:
		return nil
	}
}

// isNamed reports whether the address leads to one place, so that clients can be told it.
func (d DecisionPoint) isNamed() bool {
	host, _, _ := net.SplitHostPort(d.Address)
	address, err := netip.ParseAddr(host)
	return d.URL != "" || host == "localhost" || err == nil && !address.IsUnspecified()
}

// openPointAccess reads the files of a decision point.
func (s Section) openPointAccess(hooks pdpserver.Hooks) (*pdpserver.Access, error) {
	tls := s.DecisionPoint.TLS
	return pdpserver.Open(pdpserver.Files{
		Certificate: tls.CertFile, Key: tls.CertKeyFile, ClientCAs: tls.ClientCAFile, Tokens: s.DecisionPoint.TokenFile,
	}, tls.ClientCertNames, hooks)
}
