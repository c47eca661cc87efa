// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package policy

import (
	"context"
	"encoding/json"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/internal/policy/definition"
)

const testMitz = "did:web:mitz.example"

// broughtGround is a ground as plugin/internal/ground has it, without revocations.
type broughtGround struct {
	name  GroundName
	judge func(*Case) (Finding, error)
}

func (g broughtGround) Name() GroundName  { return g.name }
func (g broughtGround) HasOwnProof() bool { return true }
func (g broughtGround) Seek(_ context.Context, c *Case) (Finding, error) {
	found, err := g.judge(c)
	if err == nil && strings.HasSuffix(found.ID, fromBefore) {
		return Finding{}, RefuseWithdrawn(found.Rests[0])
	}
	return found, err
}

// fromBefore is what the id of a credential ends with that is from before a withdrawal.
const fromBefore = "-from-before"

func broughtGrounds() []Ground {
	return []Ground{broughtGround{GroundAttestation, (*Case).Attested}, broughtGround{GroundRegistration, (*Case).Registered}}
}

// groundsConfig is a configuration of one profile with these grounds.
func groundsConfig(grounds ...GroundName) Config {
	config := validConfig()
	config.Trust["attestation"] = []string{testMitz}
	config.Trust["membership"] = []string{testMitz}
	config.Profiles = config.Profiles[:1]
	for _, each := range grounds {
		config.Profiles[0].Grounds = append(config.Profiles[0].Grounds, string(each))
	}
	return config
}

func identifier(system, value string) object { return object{"system": system, "value": value} }

func bsnIdentifier(value string) object {
	return identifier("http://fhir.nl/fhir/NamingSystem/bsn", value)
}
func uraIdentifier(value string) object {
	return identifier("http://fhir.nl/fhir/NamingSystem/ura", value)
}

// signedBy makes a credential with a proof about the presenter.
func signedBy(issuer, credentialType, member string, said object) Credential {
	credential := credentialOf(credentialType, issuer, object{"id": testPresenter, member: said})
	credential.ID, credential.Signed = issuer+"#"+credentialType, true
	return credential
}

func attestation() Credential {
	return signedBy(testMitz, "MitzConsentRegistrationAttestation", "attestedConsent", object{
		"patient":      object{"identifier": bsnIdentifier(testBSN)},
		"dataHolder":   object{"identifier": uraIdentifier("00000659")},
		"requester":    object{"identifier": uraIdentifier("12345678"), "facilityType": "G3"},
		"dataCategory": []any{"GGC002", "GGC013"}, "purposeOfUse": "TREAT",
		"decidedAt": testNow.Add(-48 * time.Hour).Format(time.RFC3339),
	})
}

// breach is one thing that is wrong with a credential.
type breach struct {
	name   string
	change func(c *Credential)
	reason Reason
	claim  string // named to the requester
}

// said changes what a credential says: a path of two names, or of one.
func said(member string, value any, path ...string) func(c *Credential) {
	return func(c *Credential) {
		subject := maps.Clone(c.Subjects[0])
		object := maps.Clone(subject[member].(map[string]any))
		subject[member], c.Subjects = object, []map[string]any{subject}
		for _, name := range path[:len(path)-1] {
			inner := maps.Clone(object[name].(map[string]any))
			object[name] = inner
			object = inner
		}
		if value == nil {
			delete(object, path[len(path)-1])
			return
		}
		object[path[len(path)-1]] = value
	}
}

// anyCredential are the things that can be wrong with every credential of a ground.
func anyCredential(member string) []breach {
	return []breach{
		{"without a proof", func(c *Credential) { c.Signed = false }, ReasonCredentialProof, member},
		{"without an id", func(c *Credential) { c.ID = "" }, ReasonClaimMalformed, member},
		{"with an id that is no URI", func(c *Credential) { c.ID = "number one" }, ReasonClaimMalformed, member},
		{"with the patient's number in its id", func(c *Credential) { c.ID = "urn:x:patient" + testBSN }, ReasonClaimMalformed, member},
		{"with the patient's number escaped in its id", func(c *Credential) { c.ID = "urn:x:%39" + testBSN[1:] }, ReasonClaimMalformed, member},
		{"with an id that is not escaped as a URI", func(c *Credential) { c.ID = "urn:x:%3" }, ReasonClaimMalformed, member},
		{"expired", func(c *Credential) { c.Expires = testNow }, ReasonClaimOutdated, member},
		{"not valid yet", func(c *Credential) { c.Issued = testNow.Add(2 * time.Minute) }, ReasonClaimPremature, member},
		{"about another subject", func(c *Credential) {
			c.Subjects = []map[string]any{maps.Clone(c.Subjects[0])}
			c.Subjects[0]["id"] = "did:web:other.example"
		}, ReasonClaimContradiction, member},
		{"without a subject", func(c *Credential) { c.Subjects = nil }, ReasonClaimMalformed, member},
		{"with two subjects", func(c *Credential) { c.Subjects = append(c.Subjects, c.Subjects[0]) }, ReasonClaimMalformed, member},
		{"that says it twice", func(c *Credential) {
			one := c.Subjects[0]
			c.Subjects = []map[string]any{{"id": testPresenter, member: []any{one[member], one[member]}}}
		}, ReasonClaimMalformed, member},
		{"that says it in a text", func(c *Credential) { c.Subjects = []map[string]any{{"id": testPresenter, member: "yes"}} }, ReasonClaimMalformed, member},
		{"of two types", func(c *Credential) { c.Types = append(c.Types, "AnotherCredential") }, ReasonClaimMalformed, ""},
	}
}

func attestationBreaches() []breach {
	say := func(value any, path ...string) func(*Credential) { return said("attestedConsent", value, path...) }
	at := func(d time.Duration) string { return testNow.Add(d).Format(time.RFC3339) }
	return append(anyCredential("attestedConsent"), []breach{
		{"of another issuer", func(c *Credential) { c.Issuer = "did:web:mitz.example:evil" }, ReasonClaimUntrusted, "attestedConsent"},
		{"self-issued", func(c *Credential) { c.Issuer = testPresenter }, ReasonClaimUntrusted, "attestedConsent"},
		{"of another patient", say(bsnIdentifier("999996630"), "patient", "identifier"), ReasonClaimContradiction, "attestedConsent.patient.identifier"},
		{"of no patient", say(nil, "patient"), ReasonClaimMissing, "attestedConsent.patient.identifier"},
		{"of two patients", say([]any{bsnIdentifier(testBSN), bsnIdentifier("999996630")}, "patient", "identifier"), ReasonClaimContradiction, "attestedConsent.patient.identifier"},
		{"for another data holder", say(uraIdentifier("00000660"), "dataHolder", "identifier"), ReasonClaimContradiction, "attestedConsent.dataHolder.identifier"},
		{"for another requester", say(uraIdentifier("87654321"), "requester", "identifier"), ReasonClaimContradiction, "attestedConsent.requester.identifier"},
		{"for another kind of requester", say("V6", "requester", "facilityType"), ReasonClaimContradiction, "attestedConsent.requester.facilityType"},
		{"for no kind of requester", say(nil, "requester", "facilityType"), ReasonClaimMissing, "attestedConsent.requester.facilityType"},
		{"about another data category", say([]any{"GGC013"}, "dataCategory"), ReasonClaimContradiction, "attestedConsent.dataCategory"},
		{"about no data category", say([]any{}, "dataCategory"), ReasonClaimMissing, "attestedConsent.dataCategory"},
		{"about what is no data category", say([]any{"GGC002", 3}, "dataCategory"), ReasonClaimMalformed, "attestedConsent.dataCategory"},
		{"for another purpose", say("COC", "purposeOfUse"), ReasonClaimContradiction, "attestedConsent.purposeOfUse"},
		{"decided in the future", say(at(2*time.Minute), "decidedAt"), ReasonClaimPremature, "attestedConsent.decidedAt"},
		{"decided at no time", say(nil, "decidedAt"), ReasonClaimMissing, "attestedConsent.decidedAt"},
		{"decided on a day", say("2026-02-27", "decidedAt"), ReasonClaimMalformed, "attestedConsent.decidedAt"},
		{"that can be revoked, of more than a year ago", func(c *Credential) {
			c.Status = json.RawMessage(`[{}]`)
			said("attestedConsent", testNow.Add(-MaxAge-time.Second).Format(time.RFC3339), "decidedAt")(c)
		}, ReasonClaimOutdated, "attestedConsent.decidedAt"},
		{"that nothing ends, of two days ago", func(c *Credential) { c.Expires = time.Time{} }, ReasonClaimOutdated, "attestedConsent.decidedAt"},
	}...)
}

// establish goes through the grounds of the one profile with the credentials of a request that is
// in order, and others beside them.
func establish(t *testing.T, p *Policy, closed Ground, evidence Evidence) (*Permission, error) {
	t.Helper()
	grounds, err := NewGrounds(p, append(broughtGrounds(), closed)...)
	require.NoError(t, err)
	c, err := p.Case(p.Profile("birth-care"), evidence)
	if err != nil {
		return nil, err
	}
	return grounds.Establish(t.Context(), c, &trail{})
}

func presenting(credentials ...Credential) Evidence {
	evidence := validEvidence()
	evidence.Credentials = append(evidence.Credentials, credentials...)
	return evidence
}

// assertBreach checks that a request is refused for one thing that is wrong, and that the
// requester is told its name.
func assertBreach(t *testing.T, err error, each breach) {
	t.Helper()
	var refusal *Refusal
	require.ErrorAs(t, err, &refusal)
	assert.Equal(t, each.reason, refusal.Reason())
	assert.Contains(t, refusal.Error(), each.claim)
	assert.NotContains(t, refusal.Error(), "9999966")
	for _, rule := range refusal.Rules() {
		assert.NotContains(t, rule, "9999966")
	}
}

func TestAnAttestationPermits(t *testing.T) {
	p := newPolicy(t, groundsConfig(GroundAttestation))
	asked := fails(GroundClosedQuery, errTrouble)
	asked.sought = func() { t.Error("Mitz was asked") }
	permission, err := establish(t, p, asked, presenting(attestation()))
	require.NoError(t, err)
	claims, err := permission.Claims()
	require.NoError(t, err)
	assert.Equal(t, "mitz-attestation", claims["consent_ground"])
	assert.Equal(t, attestation().ID, claims["consent_request_id"])
	assert.Equal(t, testNow.Add(-48*time.Hour).Format(time.RFC3339), claims["consent_checked_at"])
	assert.Equal(t, []Credential{attestation()}, permission.Rests())
	assert.False(t, permission.Subscribes())

	t.Run("that can be revoked, of a year ago", func(t *testing.T) {
		revocable := attestation()
		revocable.Expires, revocable.Status = time.Time{}, json.RawMessage(`[{}]`)
		said("attestedConsent", testNow.Add(-MaxAge).Format(time.RFC3339), "decidedAt")(&revocable)
		_, err := establish(t, p, asked, presenting(revocable))
		require.NoError(t, err)
	})
	t.Run("that nothing ends, on its first day", func(t *testing.T) {
		young := attestation()
		young.Expires = time.Time{}
		said("attestedConsent", testNow.Add(-24*time.Hour).Format(time.RFC3339), "decidedAt")(&young)
		_, err := establish(t, p, asked, presenting(young))
		require.NoError(t, err)
	})
	t.Run("of a certificate that is trusted for it", func(t *testing.T) {
		config := groundsConfig(GroundAttestation)
		issuer := testFingerprint + "::subject:O:Mitz"
		config.Trust["attestation"] = []string{issuer}
		certified := attestation()
		certified.Issuer = issuer
		_, err := establish(t, newPolicy(t, config), asked, presenting(certified))
		require.NoError(t, err)
	})
	t.Run("with identifiers in lists and codes with their systems", func(t *testing.T) {
		other := attestation()
		said("attestedConsent", []any{identifier("urn:other", "1"), bsnIdentifier(testBSN)}, "patient", "identifier")(&other)
		said("attestedConsent", identifier("2.16.840.1.113883.1.11.20448", "TREAT"), "purposeOfUse")(&other)
		said("attestedConsent", "GGC002", "dataCategory")(&other)
		_, err := establish(t, p, asked, presenting(other))
		require.NoError(t, err)
	})
}

func TestAnAttestationThatIsWrong(t *testing.T) {
	p := newPolicy(t, groundsConfig(GroundAttestation, GroundClosedQuery))
	for _, each := range attestationBreaches() {
		t.Run(each.name, func(t *testing.T) {
			wrong := attestation()
			each.change(&wrong)
			asked := permits(GroundClosedQuery)
			asked.sought = func() { t.Error("Mitz was asked") }
			_, err := establish(t, p, asked, presenting(wrong))
			assertBreach(t, err, each)
		})
	}
	t.Run("doubled", func(t *testing.T) {
		_, err := establish(t, p, permits(GroundClosedQuery), presenting(attestation(), attestation()))
		assertRefused(t, err, ReasonClaimContradiction, "attestedConsent")
	})
	t.Run("presented by another than the organisation", func(t *testing.T) {
		foreign := attestation()
		foreign.Presenter = "did:web:other.example"
		foreign.Subjects = []map[string]any{maps.Clone(foreign.Subjects[0])}
		foreign.Subjects[0]["id"] = foreign.Presenter
		_, err := establish(t, p, permits(GroundClosedQuery), presenting(foreign))
		assertRefused(t, err, ReasonClaimContradiction, "attestedConsent")
	})
	t.Run("everything that is wrong is told at once", func(t *testing.T) {
		wrong := attestation()
		said("attestedConsent", "COC", "purposeOfUse")(&wrong)
		said("attestedConsent", uraIdentifier("00000660"), "dataHolder", "identifier")(&wrong)
		wrong.Signed = false
		_, err := establish(t, p, permits(GroundClosedQuery), presenting(wrong))
		require.EqualError(t, err, "credential proof: attestedConsent; claim contradiction: attestedConsent.dataHolder.identifier; claim contradiction: attestedConsent.purposeOfUse")
	})
	t.Run("it is of no account where another ground decided", func(t *testing.T) {
		wrong := attestation()
		wrong.Signed = false
		permission, err := establish(t, newPolicy(t, groundsConfig(GroundClosedQuery, GroundAttestation)), permits(GroundClosedQuery), presenting(wrong))
		require.NoError(t, err)
		assert.Equal(t, GroundClosedQuery, permission.Ground())
	})
	t.Run("a case of claims has none", func(t *testing.T) {
		evidence := validEvidence()
		evidence.Basis, evidence.Credentials = BasisClaims, nil
		permission, err := establish(t, p, permits(GroundClosedQuery), evidence)
		require.NoError(t, err)
		assert.Equal(t, GroundClosedQuery, permission.Ground())
	})
}

// TestATokenOnCredentialsIsLookedAtAgain: with its own ground, and with what it kept.
func TestATokenOnCredentialsIsLookedAtAgain(t *testing.T) {
	config := groundsConfig(GroundClosedQuery, GroundAttestation, GroundRegistration)
	config.Profiles[0].Recheck = time.Minute
	p := newPolicy(t, config)
	revocable := attestation()
	revocable.Status = json.RawMessage(`[{"type":"StatusList2021Entry"}]`)
	permission, err := establish(t, p, fails(GroundClosedQuery, errTrouble), presenting(revocable))
	require.NoError(t, err)
	content, err := json.Marshal(permission.Asked())
	require.NoError(t, err)
	assert.NotContains(t, string(content), testBSN)
	var asked Asked
	require.NoError(t, json.Unmarshal(content, &asked))
	again := func(p *Policy, asked Asked, at time.Time) ([]Kept, Finding, error) {
		c, err := p.CaseAgain(asked, "hospital-east", permission.Question(), at)
		require.NoError(t, err)
		assert.Equal(t, []GroundName{asked.ground()}, c.grounds(), "no other ground can stand in")
		return c.Again(GroundAttestation)
	}
	kept, finding, err := again(p, asked, testNow.Add(time.Minute))
	require.NoError(t, err)
	assert.Equal(t, []Kept{{
		ID: revocable.ID, Type: definition.TypeAttestation, Issuer: testMitz, Expires: revocable.Expires, Status: revocable.Status,
	}}, kept)
	assert.Equal(t, revocable.ID, finding.ID)
	assert.Equal(t, testNow.Add(time.Minute), finding.At)
	assert.Equal(t, consent.Decisions{"GGC002": consent.Permit}, finding.Decisions)

	t.Run("it ends when the attestation does", func(t *testing.T) {
		_, _, err := again(p, asked, revocable.Expires)
		assertRefused(t, err, ReasonDenied)
	})
	t.Run("it ends when its issuer is trusted no more", func(t *testing.T) {
		config.Trust["attestation"] = []string{"did:web:other.example"}
		_, _, err := again(newPolicy(t, config), asked, testNow)
		assertRefused(t, err, ReasonProfileChanged)
	})
	t.Run("one that kept nothing is not established", func(t *testing.T) {
		_, _, err := again(p, Asked{Scope: asked.Scope, Ground: GroundAttestation}, testNow)
		require.ErrorIs(t, err, ErrNotEstablished)
		_, _, err = again(p, Asked{Scope: asked.Scope}, testNow)
		require.ErrorIs(t, err, ErrNotEstablished)
	})
	t.Run("the log names the credential and nothing of it", func(t *testing.T) {
		assert.Equal(t, "MitzConsentRegistrationAttestation by did:web:mitz.example", kept[0].String())
		assert.Equal(t, ReasonDenied, RefuseRevoked(kept[0]).Reason())
		assert.True(t, RefuseRevoked(kept[0]).IsFinal())
	})
}
