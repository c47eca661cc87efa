// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package mitztest_test

import (
	"fmt"
	"net/http"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/mitzclient/mitztest"
)

// A simulator, a patient's consent, and what was asked.
func Example() {
	identity, err := mitztest.NewIdentity()
	if err != nil {
		panic(err)
	}
	mitz, err := mitztest.Start(identity.Config())
	if err != nil {
		panic(err)
	}
	defer mitz.Close()

	// The patient lets midwives see the treatment data that the hospital holds.
	err = mitz.Record(mitztest.Consent{
		Patient:       "900186021",
		DataHolder:    "00000659",
		Category:      "GGC002",
		RequesterType: "G3",
		Decision:      consent.Permit,
	})
	if err != nil {
		panic(err)
	}

	// Point the software under test at mitz.Endpoint(), with identity.ClientTLS()
	// or the files of identity.WriteFiles. This client sends no query at all.
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: identity.ClientTLS()}}
	defer client.CloseIdleConnections()
	response, err := client.Get(mitz.ClosedQueryURL())
	if err != nil {
		panic(err)
	}
	_ = response.Body.Close()

	fmt.Println(response.Status)
	for _, refusal := range mitz.Refusals() {
		fmt.Println(refusal.Reason)
	}
	fmt.Println(mitz.Received(), "received,", len(mitz.Queries()), "answered")
	// Output:
	// 400 Bad Request
	// method: must be POST
	// 1 received, 0 answered
}

// Every fault once; none may be taken for a permission.
func ExampleAllFaults() {
	for _, fault := range mitztest.AllFaults()[:3] {
		// mitz.MisbehaveOnce(fault), ask, and see that nothing was permitted
		fmt.Println(fault)
	}
	// Output:
	// answering Indeterminate
	// answering NotApplicable
	// Sender fault
}
