// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/netip"
	"time"
)

const usage = `Simulates Mitz, the Dutch national register of patients' consents, to test software that
asks it: the closed query, subscriptions and notifications, and registering consents, with
mutual TLS. It refuses what Mitz would refuse, says precisely why, and misbehaves when told
to. It is for tests: never for real patients.

Usage: mitz-simulator [flags]

Where
  --dir DIRECTORY       For the certificates: a CA, and with it one for this server and one
                        for your client, as PEM and as PKCS#12 (Java, .NET). They are made
                        when they are not there, and used again when they are. Without
                        this: a temporary directory, which is removed at the end.
  --listen ADDRESS      Where Mitz is simulated, for example 127.0.0.1:8443. Port 0 takes a
                        free one. [127.0.0.1:0]
  --control ADDRESS     Where the HTTP interface is by which you tell it what to do.
                        Loopback only. [127.0.0.1:0]
  --issuer ADDRESS      Where Mitz issues credentials, over https: attestations of consent,
                        and memberships (docs/simulator.md). Without this it issues none.
  --host NAME           The name by which your client reaches it, in the certificate and in
                        the endpoint. [localhost]
  --beyond-loopback     Allow a --listen or --issuer address that other machines can reach.
                        Whoever reaches it and has the client's key is answered as if by
                        Mitz: use it on a network for tests only, as that of containers.

What
  --consents FILE       Consents to begin with, in YAML or JSON (docs/simulator.md).
  --processing TIME     How long after it was registered a consent is in force, such as 5s.
                        [until POST /registrations/process at the HTTP interface]

Your own certificates, in PEM
  --server-cert FILE    For this server, the leaf first and then the CAs between.
  --server-key FILE     Its private key.
  --client-ca FILE      CAs whose clients are let in, besides the client that it makes.
  --notify-ca FILE      CAs of the servers that are notified, and of those where wallets
                        have their DID documents, besides the CA that it makes and those
                        of this machine. Who is notified sees the client's certificate.

When it ends
  At Ctrl-C (SIGINT), SIGTERM, or POST /stop at the HTTP interface.
  --until-input-ends    Also when its standard input ends: for a program that starts it and
                        cannot send a signal. It then ends with that program, too.

  --help                Show this.

What it prints begins with the addresses and ends with a curl command that gets a Permit.
Its log goes to the standard error, without patients' numbers.
`

// options are the command line.
type options struct {
	dir, listen, control, host string
	issuer                     string // empty: Mitz issues nothing
	beyondLoopback             bool
	consents                   string
	serverCert, serverKey      string
	clientCA, notifyCA         string
	untilInputEnds             bool
	processing                 time.Duration
}

// parseOptions reads and checks the command line. What was given is not repeated where it
// could be a patient's number.
func parseOptions(arguments []string) (options, error) {
	var o options
	flags := flag.NewFlagSet("mitz-simulator", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.Usage = func() {}
	flags.StringVar(&o.dir, "dir", "", "")
	flags.StringVar(&o.listen, "listen", "127.0.0.1:0", "")
	flags.StringVar(&o.control, "control", "127.0.0.1:0", "")
	flags.StringVar(&o.issuer, "issuer", "", "")
	flags.StringVar(&o.host, "host", "localhost", "")
	flags.BoolVar(&o.beyondLoopback, "beyond-loopback", false, "")
	flags.StringVar(&o.consents, "consents", "", "")
	flags.StringVar(&o.serverCert, "server-cert", "", "")
	flags.StringVar(&o.serverKey, "server-key", "", "")
	flags.StringVar(&o.clientCA, "client-ca", "", "")
	flags.StringVar(&o.notifyCA, "notify-ca", "", "")
	flags.BoolVar(&o.untilInputEnds, "until-input-ends", false, "")
	flags.DurationVar(&o.processing, "processing", 0, "")
	switch err := flags.Parse(arguments); {
	case errors.Is(err, flag.ErrHelp):
		return o, err
	case err != nil:
		return o, fmt.Errorf("the command line: %w", err)
	case flags.NArg() > 0:
		return o, errors.New("only flags are expected: consents go into a file (--consents)")
	}
	return o, errors.Join(
		checkAddress("--listen", o.listen, o.beyondLoopback,
			"other machines could reach it: use a loopback address such as 127.0.0.1, or allow it with --beyond-loopback, on a network for tests"),
		o.checkIssuer(),
		checkAddress("--control", o.control, false,
			"it knows no passwords, so only a loopback address such as 127.0.0.1 is allowed"),
		o.checkCertificates(),
		o.checkProcessing(),
	)
}

// checkAddress wants an address and a port, on loopback unless others are allowed.
func checkAddress(name, address string, others bool, refusal string) error {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return fmt.Errorf("%s: write an address and a port, such as 127.0.0.1:8443", name)
	}
	ip, err := netip.ParseAddr(host)
	switch {
	case others || host == "localhost":
		return nil
	case host != "" && err != nil:
		return fmt.Errorf("%s: write an address such as 127.0.0.1, not a name", name)
	case !ip.IsLoopback():
		return fmt.Errorf("%s: %s", name, refusal)
	default:
		return nil
	}
}

func (o options) checkIssuer() error {
	if o.issuer == "" {
		return nil
	}
	return checkAddress("--issuer", o.issuer, o.beyondLoopback,
		"other machines could reach it: use a loopback address such as 127.0.0.1, or allow it with --beyond-loopback, on a network for tests")
}

func (o options) checkProcessing() error {
	if o.processing < 0 {
		return errors.New("--processing: less than no time")
	}
	return nil
}

func (o options) checkCertificates() error {
	if (o.serverCert == "") != (o.serverKey == "") {
		return errors.New("--server-cert and --server-key go together")
	}
	return nil
}
