// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Package packaging holds the tools that make and check what is given to operators: images, a
// composition of containers, the workflow. They are a module of their own, so that their
// dependencies decide no version of the software's. None of it may end up in that.
package packaging
