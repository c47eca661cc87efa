// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Package scene is what the demo's living system can do: real nodes, a simulator of Mitz and
// record servers. Each action goes the way that it would in practice, and all messages on it are
// told to an [events.Bus].
//
// Patients' numbers stay in here. What [Scene.State] and the events say has names and masked
// numbers, and no token.
package scene
