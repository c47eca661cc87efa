// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Package notify is the public endpoint to which Mitz posts when a patient's consent changes:
// POST /mitz/notify/{secret}, a path of its own for each subscription.
//
// Anybody can send here. So nothing that comes gives access to anything: a notification only
// ends live tokens. The path itself says, under a key, whom it is about. What comes by another
// path costs one decryption, and its body is not read. What came by a secret path and cannot be
// understood ends all tokens about that patient at that data holder: whatever it was meant to
// say, nothing stays open that should have been closed.
//
// It is answered only when the tokens have ended. It never decides that somebody may have access,
// never asks anybody anything, and never repeats a message: not in an answer, not in an error.
package notify
