// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package mitzclient_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"time"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/mitzclient"
	"github.com/nuts-mitz/nuts-mitz/mitzclient/mitztest"
)

// simulate starts a simulator of Mitz, with which the examples run. Its patient lets midwives
// see the treatment data that a hospital holds.
func simulate() (*mitztest.Simulator, *mitztest.Identity) {
	identity, err := mitztest.NewIdentity()
	if err != nil {
		panic(err)
	}
	mitz, err := mitztest.Start(identity.Config())
	if err != nil {
		panic(err)
	}
	err = mitz.Record(mitztest.Consent{
		Patient: "900186021", DataHolder: "00000659", Category: "GGC002", RequesterType: "G3", Decision: consent.Permit,
	})
	if err != nil {
		panic(err)
	}
	return mitz, identity
}

// question asks whether a midwife may see the patient's treatment data at the hospital.
func question() consent.Question {
	patient, err := consent.ParseBSN("900186021")
	if err != nil {
		panic(err)
	}
	return consent.Question{
		Patient:    patient,
		DataHolder: consent.DataHolder{URA: "00000659", FacilityType: "V6"},
		Requester: consent.Requester{
			URA: "00000020", FacilityType: "G3",
			Responsible: consent.Professional{
				ID:   consent.ProfessionalID{Root: consent.RootUZI, Extension: "000095254"},
				Role: "03.000",
			},
		},
		Categories: []consent.Category{"GGC002"},
		Purpose:    consent.PurposeTreatment,
	}
}

// Ask once. There is no retry and no limit: that is for a [mitzclient.Link].
func ExampleClient_Consult() {
	mitz, identity := simulate()
	defer mitz.Close()

	client, err := mitzclient.New(mitzclient.Config{Endpoint: mitz.Endpoint(), TLS: identity.ClientTLS()})
	if err != nil {
		panic(err)
	}
	defer client.Close()

	answer, err := client.Consult(context.Background(), question())
	if err != nil {
		panic(err) // consent is not established: see the example of Error
	}
	fmt.Println(answer.Decisions["GGC002"]) // only Permit permits
	// Output: Permit
}

// Ask over a link, as software in production does. A trace tells of the queries of one
// consult: each has an entry in a record before it leaves.
func ExampleLink_Consult() {
	mitz, identity := simulate()
	defer mitz.Close()

	link, err := mitzclient.NewLink(mitzclient.Config{
		Endpoint: mitz.Endpoint(), TLS: identity.ClientTLS(), Timeout: 3 * time.Second,
	}, mitzclient.Hooks{
		CircuitChanged: func(state mitzclient.CircuitState) { fmt.Println("the circuit is", state) },
	})
	if err != nil {
		panic(err)
	}
	defer link.Close()

	mitz.MisbehaveOnce(mitztest.HTTPStatus(503)) // a gateway that is restarted
	ctx := mitzclient.WithTrace(context.Background(), &mitzclient.Trace{
		Asking:   func(context.Context, string) error { fmt.Println("a query leaves"); return nil },
		Retrying: func(failed *mitzclient.Error) { fmt.Println("it failed:", failed.Code) },
	})
	answer, err := link.Consult(ctx, question())
	fmt.Println(answer.Decisions["GGC002"], err)
	// Output:
	// a query leaves
	// it failed: http_status
	// a query leaves
	// Permit <nil>
}

// Take the client certificate, its key and the roots from files. A started link takes them
// again when they change.
func ExampleNewLink() {
	mitz, identity := simulate()
	defer mitz.Close()
	directory, err := os.MkdirTemp("", "mitz")
	if err != nil {
		panic(err)
	}
	defer func() { _ = os.RemoveAll(directory) }()
	files, err := identity.WriteFiles(directory)
	if err != nil {
		panic(err)
	}

	link, err := mitzclient.NewLink(mitzclient.Config{
		Endpoint: mitz.Endpoint(),
		Files:    &mitzclient.TLSFiles{CertFile: files.Certificate, CertKeyFile: files.Key, TrustStoreFile: files.TrustStore},
	}, mitzclient.Hooks{
		ReloadFailed: func(err error) { fmt.Println("the files before stay in use:", err) },
	})
	if err != nil {
		panic(err) // it lists every problem of the configuration and of the files
	}
	link.Start()
	defer link.Close()
	fmt.Println("the certificate has expired:", time.Now().After(link.Certificate()))
	// Output: the certificate has expired: false
}

// Read an error. Its code is stable; nothing that Mitz wrote stands in it.
func ExampleError() {
	mitz, identity := simulate()
	defer mitz.Close()
	client, err := mitzclient.New(mitzclient.Config{Endpoint: mitz.Endpoint(), TLS: identity.ClientTLS()})
	if err != nil {
		panic(err)
	}
	defer client.Close()

	mitz.Misbehave(mitztest.SenderFault)
	_, err = client.Consult(context.Background(), question())
	failure, _ := errors.AsType[*mitzclient.Error](err)
	switch failure.Code {
	case mitzclient.FaultSender, mitzclient.InvalidQuestion:
		fmt.Println("the question is at fault:", failure)
	case mitzclient.TLS, mitzclient.Unreachable:
		fmt.Println("try the link with Probe:", failure)
	default:
		fmt.Println("ask again later:", failure)
	}
	fmt.Println("Mitz knows of", failure.Attempts, "query")
	// Output:
	// the question is at fault: Mitz answered with a SOAP fault: Sender
	// Mitz knows of 1 query
}

// Have Mitz tell when a patient's consent changes.
func ExampleLink_Subscribe() {
	mitz := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Location", "Subscription/8904A5ED-713D-4A63-9B21-E39E7B5E4F05")
		w.WriteHeader(http.StatusAccepted)
	}))
	defer mitz.Close()
	link, err := mitzclient.NewLink(mitzclient.Config{Endpoint: mitz.URL}, mitzclient.Hooks{})
	if err != nil {
		panic(err)
	}
	defer link.Close()

	id, err := link.Subscribe(context.Background(), mitzclient.Subscription{
		Patient: question().Patient, DataHolder: question().DataHolder,
		GatewaySystem: "2.999.1", SourceSystem: "2.999.1.2",
		NotifyURL: "https://hospital.example/mitz/notify/Zm9yIGV4YW1wbGUgb25seQ", // a secret of this subscription
	})
	if err != nil {
		panic(err) // try again later; an Error may say when
	}
	fmt.Println(id) // keep it, for EndSubscription
	// Output: 8904A5ED-713D-4A63-9B21-E39E7B5E4F05
}

// Read a notification, in the handler of the address that Mitz was told when it was subscribed.
func ExampleReadNotification() {
	body, err := os.ReadFile("internal/notification/testdata/good/partial.xml") // what Mitz posted
	if err != nil {
		panic(err)
	}

	told, err := mitzclient.ReadNotification("application/fhir+xml", body)
	if err != nil {
		panic(err) // answer 400, and trust no permission of this patient: what it says is not known
	}
	fmt.Println(told.Patient, "at", told.DataHolder.URA) // a number is never printed
	fmt.Println("permitted:", told.Categories["GGC002"].Permitted)
	fmt.Println("refused:", told.Categories["GGC002"].Refused)
	// Output:
	// [BSN] at 00000042
	// permitted: [RPZAC005]
	// refused: [RPZAC001 RPZAC003 RPZAC004 RPZAC103 RPZAC104 RPZAC200]
}

// Try the link without a query, which a patient would see.
func ExampleLink_Probe() {
	mitz, identity := simulate()
	defer mitz.Close()
	link, err := mitzclient.NewLink(mitzclient.Config{Endpoint: mitz.Endpoint(), TLS: identity.ClientTLS()}, mitzclient.Hooks{})
	if err != nil {
		panic(err)
	}
	defer link.Close()

	report := link.Probe(context.Background())
	fmt.Println("connected:", report.Connect.OK())
	fmt.Println("the server is trusted:", report.Handshake.OK())
	fmt.Println("the client certificate is taken:", report.Acceptance.OK())
	fmt.Println(len(mitz.Queries()), "queries")
	// Output:
	// connected: true
	// the server is trusted: true
	// the client certificate is taken: true
	// 0 queries
}
