// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Command jsonv2 reads a credential's status as the node does. It says "read" when it
// outlives that.
package main

import (
	"fmt"
	"os"
	"runtime/debug"

	"github.com/nuts-foundation/go-did/vc"
)

func main() {
	debug.SetMaxStack(8 << 20) // the end comes sooner
	credential := vc.VerifiableCredential{CredentialStatus: []any{map[string]any{"id": "https://issuer.example/1", "type": "StatusList2021Entry"}}}
	statuses, err := credential.CredentialStatuses()
	if err != nil || len(statuses) != 1 {
		fmt.Println("not read:", err)
		os.Exit(1)
	}
	fmt.Println("read")
}
