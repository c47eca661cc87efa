// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package policy

import (
	"fmt"
	"slices"
)

// Subscribes reports whether Mitz is to tell the data holder when the patient's consent changes:
// the profile says so, and the permission rests on what Mitz answered. Of consent that was shown
// in another way it is not known whether Mitz has it.
func (p *Permission) Subscribes() bool {
	return p != nil && p.c != nil && p.c.profile.Subscribes && p.ground == GroundClosedQuery
}

// Subscribes reports whether a profile does.
func (p *Policy) Subscribes() bool {
	for _, profile := range p.profiles {
		if profile.Subscribes {
			return true
		}
	}
	return false
}

// readSubscribe reads whether tokens of the profile have the data holder subscribe.
func (p *Profile) readSubscribe(key string, config ProfileConfig) error {
	p.Subscribes = config.Subscribe
	if p.Subscribes && !slices.Contains(p.Grounds, GroundClosedQuery) {
		return fmt.Errorf("%s.subscribe: needs the ground %s, which alone rests on what Mitz has on record", key, GroundClosedQuery)
	}
	return nil
}
