// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Package repository holds tests of the repository itself: with which Go it can be built,
// which package may import which, what others can rely on, that documents refer to what
// exists, and that what runs the tests tells what is missing. It starts no node.
package repository
