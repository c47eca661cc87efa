// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package recordguard

import (
	"slices"

	"github.com/nuts-mitz/nuts-mitz/consent"
)

// Cover reports whether one of the permitted categories covers a resource type, in the form of
// [Request.Resources].
func (c Categories) Cover(permitted []consent.Category, resource string) bool {
	return slices.ContainsFunc(permitted, func(category consent.Category) bool { return covers(c[category], resource) })
}
