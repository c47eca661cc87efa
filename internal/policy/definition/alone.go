// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package definition

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/nuts-foundation/nuts-node/vcr/pe"

	"github.com/nuts-mitz/nuts-mitz/internal/policy/trust"
)

// CheckAlone reports why the claims that a definition gives cannot be relied on by who has the
// claims alone: another node verified the credentials by this definition, and nothing but the
// definition. So each descriptor that feeds the question must say who issues its credentials,
// unless the presenter may attest the same itself. A whole CA says that only of credentials which
// the node compares with the certificate: of the others every owner of a certificate would say
// who it is, and about whom.
func (r Rules) CheckAlone(mapping pe.WalletOwnerMapping) error {
	var problems []error
	for owner := range mapping {
		if owner != pe.WalletOwnerOrganization {
			problems = append(problems, fmt.Errorf("it has a definition for the wallet %q, whose claims do not reach a decision point", owner))
		}
	}
	for _, d := range Descriptors(mapping) {
		claims := r.fedBy(d)
		if len(claims) == 0 || r.anyHolderMay(d) {
			continue
		}
		why := r.whyUnproven(d)
		if why == nil && takesWholeCA(d.Constraints.Fields) && !slices.Equal(d.Types(), []string{TypeX509}) {
			why = &unproven{
				"the filter on the issuer lets every certificate of a CA pass, and the node compares only an " + TypeX509 + " with its certificate",
				"take an " + TypeX509 + " alone, or name the issuer's own DID",
			}
		}
		if why != nil {
			problems = append(problems, fmt.Errorf("%s: it is not proven who attests %s: %s; %s",
				d, strings.Join(r.Names.All(claims), ", "), why.reason, why.suggestion))
		}
	}
	return errors.Join(problems...)
}

// anyHolderMay reports whether the presenter may attest all that a descriptor feeds itself.
func (r Rules) anyHolderMay(d Descriptor) bool {
	return !slices.ContainsFunc(r.attributesOf(d), func(attribute trust.Attribute) bool { return !r.Trust[attribute].TrustsHolder() })
}
