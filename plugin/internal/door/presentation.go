// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package door

import "encoding/json"

const (
	// maxPresentation is the largest parameter with presentations, in bytes. With the
	// certificates of a public authority a credential takes 20 KB of it.
	maxPresentation = 160 << 10
	// maxPresentations is how many presentations one request may hold. A wallet makes one,
	// or one for each form of its credentials.
	maxPresentations = 2
)

// checkPresentations refuses presentations that would keep the node busy when it decodes
// them and looks for what was asked for. How much it may verify is another bound. What is
// no presentation is left to the node to refuse.
func checkPresentations(sent string) *Refusal {
	var shape shape
	if !shape.add(sent) {
		return refuse(ReasonPresentation, "the presentations hold too much")
	}
	var each []json.RawMessage
	if json.Unmarshal([]byte(sent), &each) == nil && len(each) > maxPresentations {
		return refuse(ReasonPresentation, "there are too many presentations")
	}
	return nil
}
