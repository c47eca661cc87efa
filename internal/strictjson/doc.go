// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Package strictjson refuses JSON that two readers can read differently (RFC 8259 sections
// 4 and 8), where something depends on how it is read:
//
//   - a member that is there twice: the first counts, or the last, or both are merged;
//   - names that differ in case alone, or differ so from a name that is looked for: Go's
//     encoding/json takes them for the same, others do not;
//   - text that is not UTF-8, or half a surrogate pair: readers put another letter there;
//   - a text where an object is looked for: a reader may find JSON in it.
//
// It must never decide what JSON means, and says nothing about whether text is JSON at all:
// it looks at text that another reader accepts.
package strictjson
