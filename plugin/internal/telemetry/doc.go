// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Package telemetry exports the node's spans and log lines to the collector that the node's
// configuration names, as the node does by itself, but without patients' numbers: requesters
// choose user agents, paths, trace states and parameters, and the node writes them into
// spans, as it writes whole SQL statements.
//
// The node's own exporters cannot be changed once it has made them. But it makes none when
// it finds that the application around it has a tracer provider, which it then uses: this
// package is that application's part. It must never start a span by itself, and never keep
// the node from stopping.
package telemetry
