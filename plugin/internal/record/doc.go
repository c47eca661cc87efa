// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Package record tells what happened with a request for a guarded token: to the node's log,
// to the node's audit log, to the NEN 7513 file and to the metrics. It is the one place where
// that is told, so that the four say the same.
//
// It decides nothing, and it never tells a patient's number to anything but the NEN 7513
// file. What it could not write there it says so: nothing may rest on it then.
package record
