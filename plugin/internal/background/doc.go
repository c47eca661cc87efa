// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Package background is for what one node of a cluster does in the background, and goes on doing
// whatever fails: [Shift] says whether it is this node, and the rest how long to wait.
package background
