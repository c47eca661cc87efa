// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Package link makes exchanges with Mitz ones that can be relied on: each ends in time, Mitz
// is not overrun, nor asked while it is down, what failed in passing may be sent once more,
// and no party takes the link from the others.
//
// It does so for each [Operation] by itself: the closed query is one, subscriptions are
// another. Each has a [Budget] of its own, and shares with the others nothing that can run
// out. So an operation that is stuck, fails or floods costs the others nothing.
//
// To add an operation: make one with [New] and a budget that says whether its messages may be
// sent twice; get connections of its own from package wire; and write the function that sends
// one message, as closedquery.go of package mitzclient does.
//
// The package knows no message, and of HTTP only the statuses. A [Call] says who causes it, whom it is about,
// and how to send its message; nothing else of it is looked at. An operation is a chain of
// decorators around that, each in a file of its own; operation.go has their order and its
// reasons.
package link
