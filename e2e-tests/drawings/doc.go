// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Package drawings has the test that draws each drawing of the documents, as readers' browsers do.
package drawings
