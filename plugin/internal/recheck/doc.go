// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Package recheck looks again at live tokens whose consent was established a while ago, when
// they are introspected. A token without consent is taken away for good.
//
// It never stores a token: that could bring back one that ended meanwhile. What it learns it
// keeps beside the token, so that whoever reads the token can see that it is gone. It knows no
// types of the node: [Token] is what it needs of one.
package recheck
