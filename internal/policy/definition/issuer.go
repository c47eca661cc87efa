// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package definition

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/nuts-foundation/nuts-node/vcr/pe"

	"github.com/nuts-mitz/nuts-mitz/internal/policy/trust"
)

// TypeAny is the type that every credential has, so it names none.
const TypeAny = "VerifiableCredential"

// issuerPaths are the JSONPaths that select a credential's issuer and nothing else. The
// node gives them one text: its credentials hold the issuer as a URI.
var issuerPaths = []string{issuerPath, "$['issuer']", `$["issuer"]`}

// unproven is why it is not proven who issues the credentials of a descriptor, and what
// to write instead.
type unproven struct{ reason, suggestion string }

// checkIssuers finds the descriptors that feed the question with credentials of anyone.
// Where the configured trust can stand in, it leaves a type of credential to that.
func (r Rules) checkIssuers(descriptors []Descriptor, allowUnconstrained bool) (Sources, error) {
	sources := Sources{}
	var problems []error
	for _, d := range descriptors {
		claims := r.fedBy(d)
		if len(claims) == 0 {
			continue
		}
		why := r.whyUnproven(d)
		if why == nil {
			continue
		}
		attribute, hint := r.standIn(d, descriptors)
		if hint == "" {
			for _, credentialType := range d.Types() {
				sources[credentialType] = attribute
			}
			problems = append(problems, r.checkAttested(d))
		} else if !allowUnconstrained {
			problems = append(problems, fmt.Errorf("%s: it is not proven who attests %s: %s; %s, or %s",
				d, strings.Join(r.Names.All(claims), ", "), why.reason, why.suggestion, hint))
		}
	}
	return sources, errors.Join(problems...)
}

// attestedByDezi is what the node compares with Dezi's attestation: members that it does
// not know are the presenter's to fill in.
var attestedByDezi = regexp.MustCompile(`^\$\.credentialSubject(\[0\])?\.(identifier|employee\.(identifier|role))$`)

// checkAttested refuses to read from a Dezi credential what Dezi does not attest.
func (r Rules) checkAttested(d Descriptor) error {
	if !slices.Contains(d.Types(), TypeDezi) {
		return nil
	}
	var problems []error
	for _, field := range d.Constraints.Fields {
		if field.Id == nil || !slices.Contains(r.Names.All(r.fedBy(d)), *field.Id) {
			continue
		}
		for _, path := range field.Path {
			if !attestedByDezi.MatchString(path) {
				problems = append(problems, fmt.Errorf("%s: Dezi does not attest what %s reads from %s: give other types of credential a descriptor of their own", d, *field.Id, path))
			}
		}
	}
	return errors.Join(problems...)
}

// standIn returns the attribute whose trust can stand in for a constraint on the issuer,
// or what must be done before one can. At the time of a request, the trust is found by a
// credential's type, so the type may not serve another attribute too.
func (r Rules) standIn(d Descriptor, descriptors []Descriptor) (attribute trust.Attribute, hint string) {
	fed := r.attributesOf(d)
	if len(fed) != 1 {
		return "", "give the claims of " + texts(fed, ", ") + " in a descriptor each, and name in trust who may attest them"
	}
	types := d.Types()
	named := fmt.Sprintf("name in trust.%s who may attest it", fed[0])
	if !namesTypes(types) {
		return "", `let a field with the path $.type and a "const" say which type of credential it takes, and ` + named
	}
	for _, other := range descriptors {
		shared := slices.ContainsFunc(other.Types(), func(t string) bool { return slices.Contains(types, t) })
		if shared && slices.ContainsFunc(r.attributesOf(other), func(a trust.Attribute) bool { return a != fed[0] }) {
			return "", fmt.Sprintf("take another type of credential than %s, and %s", other, named)
		}
	}
	if r.Trust[fed[0]].IsEmpty() {
		return "", named
	}
	return fed[0], ""
}

// attributesOf are the attributes of whose claims a descriptor gives any.
func (r Rules) attributesOf(d Descriptor) []trust.Attribute {
	claims := r.fedBy(d)
	return filter(trust.Attributes(), func(attribute trust.Attribute) bool {
		return slices.ContainsFunc(attributeClaims[attribute], func(claim string) bool { return slices.Contains(claims, claim) })
	})
}

func namesTypes(types []string) bool { return len(types) > 0 && !slices.Contains(types, TypeAny) }

// WhyUnproven returns why a descriptor may take credentials that anyone issued; empty: it is
// proven that it does not.
func (r Rules) WhyUnproven(d Descriptor) string {
	if why := r.whyUnproven(d); why != nil {
		return why.reason
	}
	return ""
}

// whyUnproven returns nil when a descriptor takes credentials of named issuers only. In
// strict mode an authority for facility types is named, and not its CA alone.
func (r Rules) whyUnproven(d Descriptor) *unproven {
	why := whyUnproven(d)
	if why == nil && r.Strict && slices.Contains(r.fedBy(d), ClaimOrganizationFacilityType) && takesWholeCA(d.Constraints.Fields) {
		return &unproven{
			"the filter on the issuer lets every certificate of a CA pass, which is refused in strict mode: every organisation would say itself what it is",
			"name the authority's own, by a policy that tells whose certificate it is, such as subject:O:<name>",
		}
	}
	return why
}

// takesWholeCA reports whether the constraints on the issuer let pass what all owners of a
// certificate of some CA issue.
func takesWholeCA(fields []pe.Field) bool {
	return !slices.ContainsFunc(fields, func(field pe.Field) bool {
		return slices.ContainsFunc(field.Path, isIssuerPath) && whyFieldUnproven(field) == nil &&
			!slices.ContainsFunc(issuersOf(*field.Filter), trust.IsWholeCA)
	})
}

// issuersOf returns the DIDs, and beginnings of DIDs, that a proven filter lets pass.
func issuersOf(f pe.Filter) []string {
	switch {
	case f.Enum != nil:
		return f.Enum
	case f.Const != nil && trust.IsDID(*f.Const):
		return []string{*f.Const}
	}
	issuers, _ := provePattern(*f.Pattern) // no error: it is proven
	return issuers
}

func whyUnproven(d Descriptor) *unproven {
	types := d.Types()
	if slices.Contains(types, TypeDezi) {
		return &unproven{
			"a " + TypeDezi + " names any issuer, only Dezi's attestation in it counts",
			`take it in a descriptor of its own, with "dezi" in the trust`,
		}
	}
	if why := whyIssuerUnproven(d.Constraints.Fields); why != nil {
		return why
	}
	if !namesTypes(types) {
		// The node does not verify the issuer's signature on a credential of this type.
		return &unproven{
			"it takes any type of credential, also a " + TypeDezi + ", which names any issuer",
			`add a field with the path $.type and a "const" or "enum" with the types that are meant`,
		}
	}
	return nil
}

// whyIssuerUnproven looks for one field that constrains the issuer: all fields of a
// descriptor must match. Of several that do not, it tells about the first.
func whyIssuerUnproven(fields []pe.Field) *unproven {
	why := &unproven{"nothing constrains the issuer", suggestConstraint}
	for _, field := range slices.Backward(fields) {
		if !slices.ContainsFunc(field.Path, isIssuerPath) {
			continue
		}
		if why = whyFieldUnproven(field); why == nil {
			return nil
		}
	}
	return why
}

func isIssuerPath(path string) bool { return slices.Contains(issuerPaths, path) }

func whyFieldUnproven(field pe.Field) *unproven {
	switch {
	case slices.ContainsFunc(field.Path, func(path string) bool { return !isIssuerPath(path) }):
		return &unproven{"a field with the issuer's path has other paths too, of which any may match", "give it the path $.issuer alone"}
	case field.Optional != nil && *field.Optional:
		return &unproven{"the constraint on the issuer is optional", `leave out "optional"`}
	case field.Filter == nil:
		return &unproven{"the field with the issuer's path has no filter", suggestConstraint}
	}
	return whyFilterUnproven(*field.Filter)
}

// whyFilterUnproven follows the node's matchFilter: beside an enum nothing else counts,
// a const and a pattern must both match, and a filter without any lets everyone through.
func whyFilterUnproven(f pe.Filter) *unproven {
	switch {
	case f.Type != "string":
		return &unproven{fmt.Sprintf("the filter on the issuer has the type %q", f.Type), `make it "string"`}
	case f.Enum != nil:
		if len(f.Enum) == 0 {
			return &unproven{"the filter on the issuer has an empty enum", suggestConstraint}
		}
		return whyNoDIDs("enum", f.Enum)
	case f.Const == nil && f.Pattern == nil:
		return &unproven{"the filter on the issuer lets every issuer pass", suggestConstraint}
	case f.Const == nil:
		return whyPatternUnproven(*f.Pattern)
	}
	why := whyNoDIDs("const", []string{*f.Const})
	if why != nil && f.Pattern != nil && whyPatternUnproven(*f.Pattern) == nil {
		return nil
	}
	return why
}

func whyNoDIDs(keyword string, values []string) *unproven {
	for _, value := range values {
		if !trust.IsDID(value) {
			return &unproven{fmt.Sprintf("the %s of the filter on the issuer has %q, which is no DID (of a did:x509: none with its CA's whole fingerprint)", keyword, value), "write the whole DID"}
		}
	}
	return nil
}

func texts[T ~string](values []T, separator string) string {
	var all []string
	for _, value := range values {
		all = append(all, string(value))
	}
	return strings.Join(all, separator)
}

// IssuerFilters returns what the descriptor demands of the issuer: texts and regular
// expressions, each of which must match.
func (d Descriptor) IssuerFilters() []string {
	var filters []string
	for _, field := range d.Constraints.Fields {
		if !slices.ContainsFunc(field.Path, isIssuerPath) || field.Filter == nil {
			continue
		}
		if field.Filter.Enum != nil {
			filters = append(filters, strings.Join(field.Filter.Enum, " or "))
			continue // beside it the node looks at nothing else
		}
		for _, text := range []*string{field.Filter.Const, field.Filter.Pattern} {
			if text != nil {
				filters = append(filters, *text)
			}
		}
	}
	return filters
}
