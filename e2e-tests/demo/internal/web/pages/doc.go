// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Package pages shows the living system in a browser: the requester, the patient, the data holder,
// what happens behind the scenes, and stories. All of it is rendered here, in Dutch and English; a
// little JavaScript fetches the parts that changed, when the server says so.
//
// It is for browsers on this machine. It must never answer a page of another origin, nor show a
// patient's number or a token.
package pages
