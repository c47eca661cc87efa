// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Package plainjson refuses credentials and presentations that two readers can read
// differently, where who is believed depends on how they are read. What Go's encoding/json
// takes for the same name, JSON-LD and JSONPath do not: one reader would take from it what no
// signature covers. Package strictjson does the work; this one knows which names are looked
// for.
//
// It must never decide what a credential means.
//
// It also keeps the node from being built with JSON v2, see jsonv2.go: it is a small
// package, so that such a build fails within seconds.
package plainjson
