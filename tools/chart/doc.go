// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Package chart lints and renders the Helm chart with Helm's own packages. It is a module of
// its own, for Helm brings much of Kubernetes along. None of it may end up in the software.
package chart
