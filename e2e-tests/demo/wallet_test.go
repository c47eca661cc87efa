// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"encoding/json"
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/internal/harness"
	"github.com/nuts-mitz/nuts-mitz/mitzclient/mitztest/issuer"
)

// TestRegistersIssue has the stock node collect what an organisation is from both stand-ins, over
// OpenID4VCI. Vektis issues only to who shows the CIBG's credential, over OpenID4VP.
func TestRegistersIssue(t *testing.T) {
	_, stage := newVisitor(t)
	ctx, wallet := t.Context(), stage.RequesterOrg.Name
	held := func(credentialType string) []harness.Credential {
		found, err := stage.Requester.WalletCredentials(ctx, wallet, credentialType)
		require.NoError(t, err)
		return found
	}
	for _, credentialType := range []string{harness.TypeHealthcareProvider, harness.TypeFacility} {
		for _, each := range held(credentialType) {
			require.NoError(t, stage.Requester.RemoveCredential(ctx, wallet, each))
		}
	}

	refused, err := stage.Registers.ObtainFacilityType(ctx)
	require.NoError(t, err)
	assert.Equal(t, "access_denied", refused.Code, "%s", refused.Description)
	assert.Empty(t, held(harness.TypeFacility))

	refused, err = stage.Registers.ObtainOrganization(ctx)
	require.NoError(t, err)
	require.Empty(t, refused)
	refused, err = stage.Registers.ObtainFacilityType(ctx)
	require.NoError(t, err)
	require.Empty(t, refused)
	for _, credentialType := range []string{harness.TypeHealthcareProvider, harness.TypeFacility} {
		assert.Len(t, held(credentialType), 1, credentialType)
	}
	require.NoError(t, stage.Mitz.Record(theCast().client.permission()))
	answer, err := stage.RequestToken(ctx, theCast().client.bsn, scope)
	require.NoError(t, err)
	assert.NotEmpty(t, answer.Token(), "the data holder trusts them")
}

// messageOn finds what the pages say of each message.
var messageOn = regexp.MustCompile(`<span class="what">([^<]*)</span>`)

// messages are the messages that passed since, as the page shows them, and all that it says of them.
func (v *visitor) messages(since int) (what []string, page string) {
	v.t.Helper()
	page = v.see("/en/behind")
	for _, each := range messageOn.FindAllStringSubmatch(page, -1) {
		what = append(what, each[1])
	}
	return what[since:], page
}

// TestWhatIssuersDoIsSeenAndNotSupposed has the node collect proofs without the demo's doing: what its
// pages show comes from the issuers themselves, in the order in which it passed.
func TestWhatIssuersDoIsSeenAndNotSupposed(t *testing.T) {
	v, stage := newVisitor(t)
	ctx, wallet := t.Context(), stage.RequesterOrg.Name
	collected := []string{"This is the code", "A key to collect it with", "Make it out to me", "The proof"}
	asks := []string{"What do you issue?", "Where do I ask for it?", "May our node collect it?"}

	_, err := stage.Registers.ObtainOrganization(ctx)
	require.NoError(t, err)
	seen, page := v.messages(0)
	assert.Equal(t, joined(asks, []string{"Yes, with this code"}, collected), distinct(seen))
	assert.Contains(t, page, harness.TypeHealthcareProvider, "the credential that came")
	assert.Contains(t, page, "HTTP 200")

	before := len(seen)
	_, err = stage.Registers.ObtainFacilityType(ctx)
	require.NoError(t, err)
	shown, page := v.messages(before)
	assert.Equal(t, joined(asks, []string{"First show who you are", "Whose signature is this?", "The CIBG&#39;s proof", "Yes, with this code"}, collected), distinct(shown))
	assert.Contains(t, page, harness.TypeFacility)

	for _, credentialType := range []string{harness.TypeHealthcareProvider, harness.TypeFacility} {
		found, err := stage.Requester.WalletCredentials(ctx, wallet, credentialType)
		require.NoError(t, err)
		for _, each := range found {
			require.NoError(t, stage.Requester.RemoveCredential(ctx, wallet, each))
		}
	}
	before += len(shown)
	_, err = stage.Registers.ObtainFacilityType(ctx)
	require.NoError(t, err)
	refused, page := v.messages(before)
	assert.Equal(t, joined(asks, []string{"First show who you are", "Whose signature is this?", "We have none", "Then no proof"}), distinct(refused))
	assert.Contains(t, page, "access_denied")

	require.NoError(t, stage.Mitz.Record(theCast().west.permissionAt(centreURA)))
	before += len(refused)
	_, err = stage.ObtainFromMitz(ctx, stage.AttestationRequest(theCast().west.bsn, birthCentre(), category))
	require.NoError(t, err)
	attested, page := v.messages(before)
	assert.Equal(t, joined(asks, []string{"Yes, with this code"}, collected[:3], []string{"The statement"}), distinct(attested))
	assert.Contains(t, page, masked(theCast().west.bsn), "about whom the statement is")
}

func joined(parts ...[]string) (all []string) {
	for _, each := range parts {
		all = append(all, each...)
	}
	return all
}

// distinct leaves out what was said before: a node may fetch a document again.
func distinct(all []string) (once []string) {
	known := map[string]bool{}
	for _, each := range all {
		if !known[each] {
			once = append(once, each)
		}
		known[each] = true
	}
	return once
}

// masked is how pages show a patient's number.
func masked(number string) string { return number[:3] + "•••" + number[6:] }

// TestWhoReadsAListIsNotSupposed has a node look at a list of what was revoked: the page tells that
// somebody read it, and draws no arrow.
func TestWhoReadsAListIsNotSupposed(t *testing.T) {
	v, stage := newVisitor(t)
	statement, err := stage.Mitz.Issuer().AttestMembership(stage.RequesterOrg.DID, enrolled(t, stage))
	require.NoError(t, err)
	encoded, err := json.Marshal(statement)
	require.NoError(t, err)
	const told = "A node reads Mitz&#39;s list of revoked statements; which one, Mitz does not see"
	require.NotContains(t, v.see("/en/behind"), told)
	problem, err := stage.DataHolder.VerifyCredential(t.Context(), encoded)
	require.NoError(t, err)
	require.Empty(t, problem)
	what, page := v.messages(0)
	assert.Regexp(t, `<li class="apart" data-id="[0-9]+"><time>[0-9:.]+</time> `+regexp.QuoteMeta(told), page)
	assert.Empty(t, what)
}

// enrolled is a membership that the practice has.
func enrolled(t *testing.T, stage *stage) issuer.Member {
	t.Helper()
	member := issuer.Member{Organization: practiceURA, Role: "registrar"}
	require.NoError(t, stage.Mitz.Issuer().Enroll(member))
	return member
}
