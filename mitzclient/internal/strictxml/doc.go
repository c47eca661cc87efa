// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Package strictxml reads the XML of messages on which something depends, such as a
// permission. It refuses a document that another XML reader could take for something else:
// with a document type, processing instructions, values cut up by comments or CDATA,
// attributes twice, undeclared prefixes, or content after the root. It refuses also what costs
// more than its size: entities, deep nesting, very many attributes.
//
// encoding/xml is not used: it hides CDATA and comments inside values, and accepts duplicate
// attributes, undeclared prefixes and content after the root.
//
// The caller walks the one path through a message that it knows, and refuses the rest by
// [Reader.Fail]. The package knows no kind of message, does no I/O, and never puts text of a
// document in what it says about it.
package strictxml
