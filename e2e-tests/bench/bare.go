// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"time"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/internal/harness"
	"github.com/nuts-mitz/nuts-mitz/mitzclient"
	"github.com/nuts-mitz/nuts-mitz/mitzclient/mitztest"
)

// bareVariable makes this program the bare client: a process of its own, as the node is
// one, that asks Mitz what the node asks and does nothing else.
const bareVariable = "NUTS_MITZ_BENCH_BARE"

// bareConfig is the first thing that the bare client reads; a bareOrder is each other.
type bareConfig struct {
	Endpoint string
	Files    mitztest.Files
	Serve    bool // ask whenever a request comes over HTTP, in the place of orders
}

// permitted is what a decision point answers where there is consent to the one thing asked.
const permitted = `{"evaluations":[{"decision":true}]}`

type bareOrder struct {
	Count, Rate int
	FlatOut     time.Duration // in the place of these, ask without a pause for so long; 0: do not
}

// bareReport is what it answers to an order.
type bareReport struct {
	Shots []shot
	Took  time.Duration
}

// bareClient is the other end of it. It ends when its input does.
type bareClient struct {
	command *exec.Cmd
	input   io.WriteCloser
	output  *json.Decoder
	encoder *json.Encoder
}

func (s *scene) startBareClient() (*bareClient, error) {
	return startBare(bareConfig{Endpoint: s.mitz.Endpoint(), Files: s.mitz.Files})
}

// startBareServer starts a bare client that asks whenever a request comes over HTTP, and returns
// its address. It looks at nothing in the request: what it costs is the query and the way to it.
func (s *scene) startBareServer() (*bareClient, string, error) {
	client, err := startBare(bareConfig{Endpoint: s.mitz.Endpoint(), Files: s.mitz.Files, Serve: true})
	if err != nil {
		return nil, "", err
	}
	var address string
	if err := client.output.Decode(&address); err != nil {
		return nil, "", errors.Join(fmt.Errorf("bare server: %w", err), client.close())
	}
	return client, address, nil
}

func startBare(config bareConfig) (*bareClient, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	command := exec.Command(self)
	command.Env = append(os.Environ(), bareVariable+"=1")
	command.Stderr = os.Stderr
	input, err := command.StdinPipe()
	if err != nil {
		return nil, err
	}
	output, err := command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := command.Start(); err != nil {
		return nil, fmt.Errorf("bare client: %w", err)
	}
	client := &bareClient{command: command, input: input, output: json.NewDecoder(bufio.NewReader(output)), encoder: json.NewEncoder(input)}
	return client, client.encoder.Encode(config)
}

func (c *bareClient) pid() int { return c.command.Process.Pid }

func (c *bareClient) close() error { return errors.Join(c.input.Close(), c.command.Wait()) }

// load has nothing to prepare.
func (c *bareClient) load(_ context.Context, p pace) (volley, error) {
	return c.ordered(bareOrder{Count: p.count, Rate: p.rate}), nil
}

// flatOut asks without a pause, for so long.
func (c *bareClient) flatOut(length time.Duration) func(context.Context, pace) (volley, error) {
	return func(context.Context, pace) (volley, error) { return c.ordered(bareOrder{FlatOut: length}), nil }
}

func (c *bareClient) ordered(order bareOrder) volley {
	return func(context.Context) ([]shot, time.Duration, error) {
		if err := c.encoder.Encode(order); err != nil {
			return nil, 0, fmt.Errorf("bare client: %w", err)
		}
		var report bareReport
		err := c.output.Decode(&report)
		return report.Shots, report.Took, err
	}
}

// beBareClient is the process itself.
func beBareClient(ctx context.Context, input io.Reader, output io.Writer) error {
	orders, reports := json.NewDecoder(input), json.NewEncoder(output)
	var config bareConfig
	if err := orders.Decode(&config); err != nil {
		return err
	}
	send, err := bareQuery(config)
	if err != nil {
		return err
	}
	if config.Serve {
		return serveBare(send, orders, reports)
	}
	for {
		var order bareOrder
		if err := orders.Decode(&order); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		var shots []shot
		var took time.Duration
		if order.FlatOut > 0 {
			shots, took = saturate(ctx, decisionWorkers, order.FlatOut, send)
		} else {
			shots, took = fire(ctx, pace{count: order.Count, rate: order.Rate}, sleepPrecisely, send)
		}
		if err := reports.Encode(bareReport{Shots: shots, Took: took}); err != nil {
			return err
		}
	}
}

// serveBare answers over HTTP until its orders end, of which there are none.
func serveBare(send func(context.Context, int) outcome, orders *json.Decoder, reports *json.Encoder) error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.Copy(io.Discard, r.Body); err != nil || send(r.Context(), 0) != gotPermit {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, permitted)
	})}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	if err := reports.Encode("http://" + listener.Addr().String() + "/"); err != nil {
		return errors.Join(err, server.Close())
	}
	if err := orders.Decode(new(bareOrder)); !errors.Is(err, io.EOF) {
		return errors.Join(err, server.Close())
	}
	if err := errors.Join(server.Close(), <-ended); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

func bareQuery(config bareConfig) (func(context.Context, int) outcome, error) {
	tls, err := mitzclient.LoadTLS(mitzclient.TLSFiles{
		CertFile: config.Files.Certificate, CertKeyFile: config.Files.Key, TrustStoreFile: config.Files.TrustStore,
	})
	if err != nil {
		return nil, err
	}
	client, err := mitzclient.New(mitzclient.Config{Endpoint: config.Endpoint, Timeout: time.Minute, TLS: tls})
	if err != nil {
		return nil, err
	}
	question, err := theQuestion()
	return func(ctx context.Context, _ int) outcome {
		answer, err := client.Consult(ctx, question)
		if err != nil || answer.Decisions["GGC002"] != consent.Permit {
			return noAnswer
		}
		return gotPermit
	}, err
}

// theQuestion is what the node asks for the guarded scopes.
func theQuestion() (consent.Question, error) {
	patient, err := consent.ParseBSN(mitztest.PatientAlwaysPermit)
	return consent.Question{
		Patient:    patient,
		DataHolder: consent.DataHolder{URA: consent.URA(dataHolder.URA), FacilityType: consent.FacilityType(dataHolder.FacilityType)},
		Requester: consent.Requester{URA: consent.URA(requester.URA), FacilityType: requesterType, Responsible: consent.Professional{
			ID: consent.ProfessionalID{Root: consent.RootUZI, Extension: uziNumber}, Role: roleCode,
		}},
		Categories: []consent.Category{"GGC002"},
		Purpose:    consent.PurposeTreatment,
	}, err
}

// employee is the professional in the question.
var employee = harness.Employee{Identifier: harness.UZIIdentifier(uziNumber), Name: "M. Jansen", Role: roleCode}

const (
	uziNumber = "900012345"
	roleCode  = "03.000"
)
