// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Package authzen answers the Access Evaluation and Access Evaluations APIs of the OpenID
// AuthZEN Authorization API 1.0 over HTTP: it reads the questions, has each decided, and
// writes the answers.
//
// It is about AuthZEN alone. What is permitted, a [Point] says: the package knows no consent,
// no token and no node. It never repeats what it was sent, but for the header X-Request-ID.
package authzen
