// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Package e2e tests the whole: two real nodes on loopback, ours and a stock one,
// with real TLS, real credentials and real signatures. The Mitz simulator is the only
// stand-in for another system. Every test of a refusal also looks into the data
// holder's session store, to see that no token is in it, and at Mitz's log, to see how
// many queries reached it. After the tests every log is searched for patients' numbers.
package e2e
