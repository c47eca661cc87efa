// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/nuts-mitz/nuts-mitz/internal/harness"
	"github.com/nuts-mitz/nuts-mitz/mitzclient/mitztest"
)

// What the decision point is to reach.
const (
	decisionLimit = 0.2 // ms at the median beyond a bare query, at decisionRate
	decisionShare = 0.8 // of the bare client's throughput
)

// decisionWorkers ask without a pause, to see how many answers there are at the most.
const decisionWorkers = 16

// The rows about the decision point.
const (
	rowPaced     = iota // the decision point at a rate
	rowPacedBare        // the bare client at the same
	rowFlat             // the decision point without a pause
	rowFlatBare
	rowPacedHop // the bare client behind a server, at the rate
	rowFlatHop  // and without a pause
)

// measureDecision compares the decision point without a node with a bare client that asks Mitz
// the same. Mitz answers at once.
func (s *scene) measureDecision(ctx context.Context, p plan) (rows []row, err error) {
	point, err := s.startPoint(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, point.Stop()) }()
	bare, err := s.startBareClient()
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, bare.close()) }()
	server, address, err := s.startBareServer()
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, server.close()) }()
	hop := newPointClient(address)
	defer hop.close()
	client := newPointClient(point.URL(dataHolder.Subject))
	defer client.close()
	return s.inTurns(ctx, p, []contestant{
		{name: "the decision point", process: point.PID(), rate: p.decisionRate, load: client.load},
		{name: "a bare client", process: bare.pid(), rate: p.decisionRate, load: bare.load},
		{name: "the decision point, no pause", process: point.PID(), load: client.flatOut(p.roundTime)},
		{name: "a bare client, no pause", process: bare.pid(), load: bare.flatOut(p.roundTime)},
		{name: "a bare client behind a server", process: server.pid(), rate: p.decisionRate, load: hop.load},
		{name: "a bare client behind a server, no pause", process: server.pid(), load: hop.flatOut(p.roundTime)},
	})
}

// inTurns gives each of the contestants a round, and begins each time with another one. A first
// round warms up and does not count.
func (s *scene) inTurns(ctx context.Context, p plan, contestants []contestant) ([]row, error) {
	rows := make([]row, len(contestants))
	for i, each := range contestants {
		each.want, each.asksMitz = gotPermit, true
		rows[i].contestant = each
		if _, err := s.turn(ctx, each, p.warmUp); err != nil {
			return nil, err
		}
	}
	for number := range p.rounds {
		for i := range rows {
			current := &rows[(i+number)%len(rows)]
			turn, err := s.turn(ctx, current.contestant, p.roundTime)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", current.name, err)
			}
			current.rounds = append(current.rounds, turn)
		}
	}
	return rows, nil
}

// startPoint starts a decision point that logs as it does when it comes.
func (s *scene) startPoint(ctx context.Context) (*harness.Point, error) {
	return s.StartPoint(ctx, harness.PointConfig{
		Name: "pdp", Binary: s.binaries.Mitz, Env: []string{"NUTS_VERBOSITY=info"},
		Mitz: harness.MitzConfig{
			Endpoint: s.mitz.Endpoint(),
			CertFile: s.mitz.Files.Certificate, CertKeyFile: s.mitz.Files.Key, TrustStoreFile: s.mitz.Files.TrustStore,
			DataHolders: []harness.DataHolder{dataHolder},
			Profiles:    []harness.MitzProfile{{Scope: scopeBuiltIn, Categories: []string{"GGC002"}, Purpose: "TREAT"}},
			Trust: harness.MitzTrust{
				Organization: []string{s.authority.DID}, FacilityType: []string{s.authority.DID},
				Practitioner: []string{"holder"}, Enrollment: []string{"holder"},
			},
		},
	})
}

// pointClient asks a decision point what a node asks, over connections that it keeps. It does as
// little as it can: it takes processor time from what it measures.
type pointClient struct {
	address string
	request []byte

	mu   sync.Mutex
	idle []*pointConnection
}

type pointConnection struct {
	net.Conn
	reader *bufio.Reader
}

func newPointClient(url string) *pointClient {
	host, path, _ := strings.Cut(strings.TrimPrefix(url, "http://"), "/")
	body := fmt.Sprintf(`{"subject":{"type":"organization","id":"did:web:requester.example","properties":{"organization":{`+
		`"organization_ura":%q,"organization_facility_type":%q,"user_id":%q,"user_role":%q,"patient_enrollment_identifier":%q}}},`+
		`"action":{"name":"request_scope"},"context":{"policy":%q},"evaluations":[{"resource":{"type":"scope","id":%q}}]}`,
		requester.URA, requesterType, uziNumber, roleCode, mitztest.PatientAlwaysPermit, scopeBuiltIn, scopeBuiltIn)
	return &pointClient{address: host, request: fmt.Appendf(nil,
		"POST /%s/access/v1/evaluations HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", path, host, len(body), body)}
}

// load has nothing to prepare.
func (c *pointClient) load(_ context.Context, p pace) (volley, error) {
	return func(ctx context.Context) ([]shot, time.Duration, error) {
		shots, took := fire(ctx, p, sleepPrecisely, c.send)
		return shots, took, ctx.Err()
	}, nil
}

// flatOut asks without a pause, for so long.
func (c *pointClient) flatOut(length time.Duration) func(context.Context, pace) (volley, error) {
	return func(context.Context, pace) (volley, error) {
		return func(ctx context.Context) ([]shot, time.Duration, error) {
			shots, took := saturate(ctx, decisionWorkers, length, c.send)
			return shots, took, ctx.Err()
		}, nil
	}
}

func (c *pointClient) send(context.Context, int) outcome {
	connection, err := c.connection()
	if err != nil {
		return noAnswer
	}
	if _, err := connection.Write(c.request); err != nil {
		return noAnswer
	}
	response, err := http.ReadResponse(connection.reader, nil)
	if err != nil {
		return noAnswer
	}
	body, err := io.ReadAll(response.Body)
	if err = errors.Join(err, response.Body.Close()); err != nil {
		return noAnswer
	}
	c.mu.Lock()
	c.idle = append(c.idle, connection)
	c.mu.Unlock()
	if response.StatusCode != http.StatusOK || !bytes.Equal(body, []byte(permitted)) {
		return outcome(fmt.Sprintf("status %d, not permitted", response.StatusCode))
	}
	return gotPermit
}

// connection returns an idle one, or a new one when there is none.
func (c *pointClient) connection() (*pointConnection, error) {
	c.mu.Lock()
	if last := len(c.idle) - 1; last >= 0 {
		defer c.mu.Unlock()
		connection := c.idle[last]
		c.idle = c.idle[:last]
		return connection, nil
	}
	c.mu.Unlock()
	connection, err := net.Dial("tcp", c.address)
	if err != nil {
		return nil, err
	}
	return &pointConnection{connection, bufio.NewReader(connection)}, nil
}

func (c *pointClient) close() {
	for _, each := range c.idle {
		_ = each.Close()
	}
}

// saturate has workers send for so long, each again as soon as it has its answer.
func saturate(ctx context.Context, workers int, length time.Duration, send func(context.Context, int) outcome) (shots []shot, took time.Duration) {
	began := time.Now()
	each := make([][]shot, workers)
	var group sync.WaitGroup
	for worker := range workers {
		group.Go(func() {
			for sent := time.Now(); sent.Sub(began) < length && ctx.Err() == nil; sent = time.Now() {
				outcome := send(ctx, worker)
				each[worker] = append(each[worker], shot{Latency: time.Since(sent), Outcome: outcome})
			}
		})
	}
	group.Wait()
	took = time.Since(began)
	for _, some := range each {
		shots = append(shots, some...)
	}
	return shots, took
}

// answeredPerSecond are the answers of a round that were as they must be, a second.
func (r round) answeredPerSecond() float64 {
	return float64(count(r.shots, gotPermit)) / r.took.Seconds()
}

// share is the throughput of one row in that of another, round by round.
func share(one, other row) spread {
	shares := make([]float64, len(one.rounds))
	for i := range shares {
		shares[i] = one.rounds[i].answeredPerSecond() / other.rounds[i].answeredPerSecond()
	}
	return spreadOf(shares)
}

// later is how much longer the median request of one row takes than that of another, in
// milliseconds, from when it was sent: how late that was is the generator's.
func later(one, other row) spread {
	differences := make([]float64, len(one.rounds))
	for i := range differences {
		differences[i] = sent(one.rounds[i].shots, 50) - sent(other.rounds[i].shots, 50)
	}
	return spreadOf(differences)
}

func printDecision(out io.Writer, p plan, rows []row) {
	_, _ = fmt.Fprintf(out, `11. The decision point without a node (mitz pdp), and a bare client that asks Mitz the same: %d rounds in turns, each of %s,
at %d requests a second, and by %d clients that ask again at once. Mitz answers at once. What the decision point adds has the way
to it in it, over loopback; so has the bare client behind a server, which reads nothing of the request and records nothing

`, p.rounds, p.roundTime, p.decisionRate, decisionWorkers)
	lines := newTable("", "answered/s", "p50 ms", "p99 ms", "CPU ms/request", "own load", "others' load", "requests", "wrong")
	for _, each := range rows {
		lines.row(each.name, number(each.over(round.answeredPerSecond).median),
			spreadOfSent(each, 50).String(), spreadOfSent(each, 99).String(), number(each.cost()), number(each.ownLoad().median), each.elseLoad().String(),
			fmt.Sprint(each.requests()), fmt.Sprint(each.wrong()))
	}
	lines.print(out)
	lines = newTable("What the decision point costs", "measured", "", "")
	added := later(rows[rowPaced], rows[rowPacedBare])
	lines.row("added to the time of a query at p50", added.String()+" ms", fmt.Sprintf("at most %g ms", decisionLimit), verdict(added.median, decisionLimit))
	beyond := later(rows[rowPaced], rows[rowPacedHop])
	lines.row("  of which the decision point itself", beyond.String()+" ms", "", "")
	throughput := share(rows[rowFlat], rows[rowFlatBare])
	lines.row("throughput, of the bare client's", throughput.String(), fmt.Sprintf("at least %g", decisionShare), verdict(decisionShare, throughput.median))
	lines.row("  of that of the bare client behind a server", share(rows[rowFlat], rows[rowFlatHop]).String(), "", "")
	lines.row("  of the bare client's, if it had the way to it alone", share(rows[rowFlatHop], rows[rowFlatBare]).String(), "", "")
	lines.print(out)
}

func spreadOfSent(r row, p float64) spread {
	return r.over(func(each round) float64 { return sent(each.shots, p) })
}
