// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

//go:build goexperiment.jsonv2 || go1.28

package plainjson

// This file is there to not compile. With JSON v2, which Go 1.27 has by default, the node
// dies of a stack overflow on the first credential with a status: go-did's
// CredentialStatus.UnmarshalJSON calls itself for ever. Any stranger can send one, and
// nothing can recover from it. TestJSONv2StillEndsTheNode notices when the cause is gone.
// Later versions of Go were not tried.
var _ int = "with JSON v2 any stranger can end this node: build it with Go 1.26, or Go 1.27 and GOEXPERIMENT=nojsonv2 (nuts-mitz, docs/upgrading.md)"
