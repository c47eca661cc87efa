// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package notification

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/nuts-mitz/nuts-mitz/consent"
)

var (
	consentShape = shape{
		"meta": once, "language": ignored, "text": ignored, "extension": repeated, "identifier": ignored, "status": once,
		"scope": once, "category": repeated, "patient": once, "dateTime": once, "provision": once,
	}
	metaShape = shape{
		"versionId": ignored, "lastUpdated": ignored, "source": ignored, "profile": repeated, "security": ignored, "tag": ignored,
	}
	providerShape  = shape{"url": once, "valueCodeableConcept": once}
	provisionShape = shape{"type": once, "actor": repeated, "purpose": repeated}
	actorShape     = shape{"role": once, "reference": once}
)

// consent adds what one Consent says: of these data categories, for these kinds of care
// providers, permission or refusal.
func (r *reader) consent(e *element, all parts, told *Notification) {
	r.check(e, consentShape)
	r.profile(r.one(e, "meta"))
	if r.code(r.one(e, "scope"), systemScope) != scopePrivacy {
		r.fail(InvalidValue)
	}
	r.refersTo(r.one(e, "patient"), all.patientURL)
	if changed := r.dateTime(r.value(e, "dateTime")); changed.After(told.Changed) {
		told.Changed = changed
	}
	permits := r.permits(r.value(e, "status"), r.one(e, "provision"), all)
	categories, kinds := r.categories(e), r.kinds(e)
	switch {
	case len(categories) == 0 || len(kinds) == 0:
		r.fail(MissingElement)
	case len(categories) > maxCodes || len(kinds) > maxCodes:
		r.fail(TooManyElements)
	}
	for _, category := range categories {
		for _, kind := range kinds {
			r.put(told, category, kind, permits)
		}
	}
}

// maxCodes is how many data categories there may be, and how many kinds for each: every kind is
// told of every category beside it, so what a message of a megabyte could name is far more than
// its elements. Mitz knows a handful of both.
const maxCodes = 64

// put adds one kind. It may be there once for each data category, or it would be unclear what
// holds. Once a message is refused it adds nothing.
func (r *reader) put(told *Notification, category consent.Category, kind consent.ProviderCategory, permits bool) {
	if r.refusal != "" {
		return
	}
	providers := told.Categories[category]
	if providers == nil {
		providers = &Providers{}
		told.Categories[category] = providers
	}
	if len(told.Categories) > maxCodes || len(providers.Permitted)+len(providers.Refused) >= maxCodes {
		r.fail(TooManyElements)
		return
	}
	if slices.Contains(providers.Permitted, kind) || slices.Contains(providers.Refused, kind) {
		r.fail(Contradiction)
		return
	}
	if permits {
		providers.Permitted = append(providers.Permitted, kind)
	} else {
		providers.Refused = append(providers.Refused, kind)
	}
}

func (n *Notification) sort() {
	for _, providers := range n.Categories {
		slices.Sort(providers.Permitted)
		slices.Sort(providers.Refused)
	}
}

// profile wants that of a notification, of version 3 or without one: another one may mean
// something else by the same elements.
func (r *reader) profile(meta *element) {
	r.check(meta, metaShape)
	canonical, version, versioned := strings.Cut(r.text(r.only(meta, "profile")), "|")
	if canonical != profile || versioned && !strings.HasPrefix(version, "3.") {
		r.fail(UnknownProfile)
	}
}

// permits reads whether it is a permission: an active Consent with a provision that permits. A
// refusal is an inactive one, with a provision of no type. No other combination is known.
func (r *reader) permits(status string, provision *element, all parts) bool {
	r.check(provision, provisionShape)
	actor := r.only(provision, "actor")
	r.check(actor, actorShape)
	if r.code(r.one(actor, "role"), systemParticipation) != roleCustodian {
		r.fail(InvalidValue)
	}
	r.refersTo(r.one(actor, "reference"), all.organizationURL)
	if r.coding(r.only(provision, "purpose"), systemPurpose) != purposeTreatment {
		r.fail(InvalidValue)
	}
	switch typed := count(provision, "type") > 0; {
	case status == statusActive && typed:
		r.fixed(provision, "type", provisionPermit)
		return true
	case status == statusActive:
		r.fail(MissingElement)
	case status != statusInactive:
		r.fail(InvalidValue)
	case typed:
		r.fail(UnexpectedElement)
	}
	return false
}

func (r *reader) categories(e *element) (codes []consent.Category) {
	for _, child := range e.children {
		if child.name != "category" {
			continue
		}
		code, err := consent.ParseCategory(r.code(child, systemDataCategory))
		if err != nil {
			r.fail(InvalidValue)
		}
		codes = append(codes, code)
	}
	return codes
}

// kinds reads the extensions that name kinds of care providers. Others change no meaning (FHIR
// R4 section 2.4).
func (r *reader) kinds(e *element) (codes []consent.ProviderCategory) {
	for _, child := range e.children {
		if child.name != "extension" || r.value(child, "url") != extensionProviderCategory {
			continue
		}
		r.check(child, providerShape)
		code, err := consent.ParseProviderCategory(r.code(r.one(child, "valueCodeableConcept"), systemProviderCategory))
		if err != nil {
			r.fail(InvalidValue)
		}
		codes = append(codes, code)
	}
	return codes
}

var dateTimeShape = regexp.MustCompile(`^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2})$`)

// dateTime reads a moment: FHIR knows less precise ones too, which are not moments.
func (r *reader) dateTime(text string) time.Time {
	moment, err := time.Parse(time.RFC3339Nano, text)
	if err != nil || !dateTimeShape.MatchString(text) {
		r.fail(InvalidValue)
	}
	return moment
}
